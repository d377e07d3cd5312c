"""Each form of a line that lists versions, and that no other line changes what is read."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows.github.runner_versions import FORMS, version_reader
from rows.logs.stream import pass_on
from rows.versions import reader
from rows.versions.reader import LONGEST, MOST, Versions, read_versions
from tests.rows.log_reading.timing import least_seconds
from tests.rows.versions.samples import DIGEST, OTHERS, RUNNER_SAMPLES, SAMPLES

TIME = "2026-03-02T12:00:01.0000000Z "
ALL = [*SAMPLES, *RUNNER_SAMPLES]
LINES = [line for line, _ in ALL]
PULLED = [f"Digest: {DIGEST}", "Status: Downloaded newer image for x:tag"]


def listed(text: str) -> Versions:
    words = [entry.split(" ") for entry in text.split(", ")]
    return {(kind, name): version for kind, name, version in words}


def read_log(lines: list[str], before: str = "") -> Versions:
    log_reader = version_reader()
    pass_on(["".join(f"{before}{line}\n" for line in lines).encode()], [log_reader])
    return log_reader.versions


@pytest.mark.parametrize(("line", "said"), SAMPLES)
def test_line_of_a_form_is_read(line: str, said: str):
    assert read_versions([line]) == listed(said)


@pytest.mark.parametrize(("line", "said"), RUNNER_SAMPLES)
def test_line_of_the_runner_is_read_with_its_forms_alone(line: str, said: str):
    assert read_versions([line], FORMS) == listed(said)
    assert read_versions([line]) == {}


@pytest.mark.parametrize("line", OTHERS)
def test_line_of_no_form_lists_nothing(line: str):
    assert read_versions([line], FORMS) == {}


@pytest.mark.parametrize("line", [*LINES, *PULLED])
def test_log_gives_what_its_lines_give_with_times_and_colours(line: str):
    wanted = read_versions([*PULLED, line], FORMS)
    assert read_log([*PULLED, line], TIME) == wanted
    assert read_log([*PULLED, f"\x1b[1m{line}\x1b[0m"], TIME) == wanted
    first, blank, rest = line.strip().partition(" ")
    coloured = line.replace(first, f"\x1b[32m{first}\x1b[0m", 1) if blank and rest else line
    assert read_log([*PULLED, coloured]) == wanted


def test_digest_is_that_of_the_image_named_next():
    other = "sha256:" + 16 * "ffff"
    lines = [f"Digest: {other}", f"Digest: {DIGEST}", "docker.io/x", PULLED[1]]
    lines += ["Status: Image is up to date for y"]
    assert read_versions(lines) == {("docker", "x:tag"): DIGEST}


def test_gem_that_was_fetched_is_no_package_of_pip():
    lines = ["Fetching rake-13.0.6.gem", "Successfully installed rake-13.0.6"]
    assert read_versions(lines) == {("gem", "rake"): "13.0.6"}


def test_last_version_of_a_name_wins():
    assert read_versions(["A_b==1.0", " + a-b==2.0"]) == {("pip", "a-b"): "2.0"}


def test_script_that_is_shown_lists_nothing():
    lines = ["##[group]Run cat > r.txt", "a==1.0", "##[endgroup]", "b==1.0"]
    assert read_log(lines, TIME) == {("pip", "b"): "1.0"}


def test_names_and_versions_are_bounded(monkeypatch: pytest.MonkeyPatch):
    lines = [f"a{number}==1.0" for number in range(MOST + 5)]
    versions = read_versions([*lines, "a0==2.0"])
    assert len(versions) == MOST
    assert versions["pip", "a0"] == "2.0"
    assert read_versions([f"{'a' * 201}==1.0", f"a==1{'0' * 128}"]) == {}
    monkeypatch.setattr(reader, "LONGEST", 40)
    cut = f"Successfully installed {'a' * 10}-1.0 b-1.0000"
    assert read_versions([cut]) == {("pip", "a" * 10): "1.0"}


NOISE = st.one_of(
    st.sampled_from(OTHERS),
    st.text(max_size=60),
    st.tuples(st.sampled_from(LINES), st.text(max_size=3)).map("".join),
    st.tuples(st.text(max_size=3), st.sampled_from(LINES)).map("".join),
).filter(lambda line: "\n" not in line and "Digest" not in line and "Status" not in line)
SAID = st.sampled_from([*LINES, *PULLED])


@given(st.lists(st.one_of(SAID, NOISE), max_size=12))
def test_other_lines_change_nothing(lines: list[str]):
    told = [line for line in lines if read_versions([line], FORMS) or line in PULLED]
    assert read_versions(lines, FORMS) == read_versions(told, FORMS)


@given(
    st.lists(
        st.one_of(SAID, st.sampled_from(OTHERS), st.text("aA1=. @:/-+#[]()v_", max_size=30)),
        max_size=12,
    )
)
def test_log_in_blocks_gives_what_every_line_gives(lines: list[str]):
    assert read_log(lines, TIME) == read_versions(lines, FORMS)
    assert read_log(lines) == read_versions(lines, FORMS)


PIECES = ["-", " ", "a", "1", "a/", "1.0 ", "(from ", "::"]


@pytest.mark.parametrize("line", [*LINES, *PULLED])
def test_line_that_goes_on_for_ever_costs_little(line: str):
    starts = (line, line.split(" ")[0] + " ", line[: len(line) // 2])
    long = [(start + piece * LONGEST)[:LONGEST] for piece in (*PIECES, line) for start in starts]
    assert least_seconds(lambda: [read_versions([one], FORMS) for one in long]) < 0.02 * len(long)


def test_log_of_twice_the_lines_takes_twice_as_long():
    """Thrice is a clock's, four times would be lines that are looked at for each other."""
    lines = [*OTHERS, *LINES[::5], "ok: all is well " * 5] * 150
    once = least_seconds(partial(read_log, lines, TIME))
    twice = least_seconds(partial(read_log, lines * 2, TIME))
    assert twice < 3 * once
