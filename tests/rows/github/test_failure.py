"""What logs and annotations say: recorded outputs of many tools, with the message by hand."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import fields
from rows.fingerprint import masked
from rows.github.failure import annotation_messages, log_messages
from rows.logs.blocks import BEFORE, LONGEST
from rows.logs.ranking import MOST
from rows.source_record import FailureMessage

LOGS = Path(__file__).parents[1] / "logs"
# The messages of each recorded log, by hand: what a person would quote, and where it says it is.
SAID = json.loads((LOGS / "said.json").read_text("utf-8"))


def log_of(name: str) -> str:
    return (LOGS / f"{name}.txt").read_text("utf-8")


def texts(messages: list[FailureMessage]) -> list[str]:
    return [one.text for one in messages]


def test_every_recorded_log_is_expected_to_say_something():
    assert sorted(path.stem for path in LOGS.glob("*.txt")) == sorted(SAID)


@pytest.mark.parametrize("name", sorted(SAID))
def test_log_says_what_a_person_would_quote(name: str):
    wanted = [
        (
            "\n".join(one["text"]) if isinstance(one["text"], list) else one["text"],
            one.get("path"),
            one.get("line"),
        )
        for one in SAID[name]
    ]
    assert [(one.text, one.path, one.line) for one in log_messages(log_of(name))] == wanted


def test_log_with_nothing_but_an_exit_code_is_vague():
    (found,) = log_messages("##[error]Process completed with exit code 3.\n")
    assert (found.text, found.kind) == ("Process completed with exit code 3.", "vague")


def test_context_is_what_was_printed_before_the_message():
    first = log_messages(log_of("gcc"))[0]
    assert first.context == "gcc -o build/app src/queue.c\nsrc/queue.c: In function ‘main’:"


def test_script_that_is_shown_before_its_output_says_nothing():
    shown = "##[group]Run ./check\nset -e\necho 'error: not this one'\n##[endgroup]\n"
    found = log_messages(shown + "error: this one\n##[error]Process completed with exit code 1.\n")
    assert texts(found) == ["error: this one"]


def test_step_that_failed_last_is_found_by_its_times():
    log = (
        "2026-03-02T12:00:01.0000000Z ##[group]Run ./may-fail\n"
        "2026-03-02T12:00:01.1000000Z ##[endgroup]\n"
        "2026-03-02T12:00:02.0000000Z error: it may\n"
        "2026-03-02T12:00:02.1000000Z ##[error]Process completed with exit code 1.\n"
        "2026-03-02T12:00:05.0000000Z ##[group]Run ./may-not\n"
        "2026-03-02T12:00:05.1000000Z ##[endgroup]\n"
        "2026-03-02T12:00:06.0000000Z error: it may not\n"
        "2026-03-02T12:00:06.1000000Z ##[error]Process completed with exit code 1.\n"
    )
    assert texts(log_messages(log)) == ["error: it may"]
    span = ("2026-03-02T12:00:05", "2026-03-02T12:00:06")
    assert texts(log_messages(log, span)) == ["error: it may not"]


def test_log_that_breaks_off_says_what_it_still_says():
    log = "2026-03-02T12:00:01.0000000Z src/a.c:3:5: error: no such thing\n2026-03-02T12:"
    assert texts(log_messages(log)) == ["src/a.c:3:5: error: no such thing"]


@pytest.mark.parametrize("log", ["", "\ufeff", "all is well\n", "\x00\n\r\n"])
def test_log_without_an_error_says_nothing(log: str):
    assert log_messages(log) == []


def test_more_messages_than_are_kept_are_cut():
    log = "".join(f"src/a.c:{line}:1: error: wrong\n" for line in range(1, 30))
    assert [one.line for one in log_messages(log)] == list(range(1, MOST + 1))


def test_same_message_twice_is_one():
    assert len(log_messages("a.h:1:1: error: wrong\n" * 3)) == 1


def annotation(message: str, **more: object) -> dict[str, object]:
    place = {"path": "src/a.c", "start_line": 3}
    return {"annotation_level": "failure", "message": message, "title": "", **place, **more}


def test_annotation_is_kept_with_its_place():
    (found,) = annotation_messages([annotation("'dept' undeclared")])
    assert found == FailureMessage("'dept' undeclared", None, "src/a.c", 3)


def test_annotation_of_no_file_has_no_place():
    (found,) = annotation_messages([annotation("It broke", path=".github", start_line=11)])
    assert (found.path, found.line) == (None, None)


def test_title_of_an_annotation_stands_before_its_message():
    (found,) = annotation_messages([annotation("7 != 8", title="Cart test", raw_details="left: 7")])
    assert (found.text, found.context) == ("Cart test: 7 != 8", "left: 7")


def test_warnings_and_notices_are_no_reasons():
    old = [
        annotation("Node.js 16 is old", annotation_level=level) for level in ("warning", "notice")
    ]
    assert annotation_messages(old) == []


def test_exit_code_counts_only_where_no_annotation_says_more():
    code = annotation("Process completed with exit code 2.", path=".github")
    (found,) = annotation_messages([code])
    assert (found.text, found.vague) == ("Process completed with exit code 2.", True)
    assert texts(annotation_messages([code, annotation("'dept' undeclared")])) == [
        "'dept' undeclared"
    ]


@pytest.mark.parametrize(
    ("key", "value"), [("message", 3), ("start_line", "3"), ("path", []), ("title", "\ud800")]
)
def test_annotation_of_the_wrong_shape_is_named(key: str, value: object):
    with fields.Noting() as notes:
        annotation_messages([annotation("It broke") | {key: value}])
    assert [note.partition(": ")[0] for note in notes] == [f"annotation.{key}"]


# Pieces that patterns begin with, so that hostile text gets far into them.
PIECES = st.sampled_from(
    [
        "##[error]", "##[group]Run x\n", "##[endgroup]\n", "Traceback (most recent call last):\n",
        '  File "a", line 1\n', "--- FAIL: ", "    ", ": line 1: ", "Assertion ", " failed", "● ",
        "thread '", "' panicked at ", "[ERROR] ", "a.c:1:1: error: ", "error", "(1,1)", " > ",
        " FAILED", "The action '", "npm error code ", "\x1b[31m", "\x1b]0;", "\r", "\x00", "\ud800",
        "#1 2.3 ", "  1:1  error  x\n", "E   assert ", "CMake Error at ", "/a/b", "0x1f", "1.",
    ]
)  # fmt: skip
HOSTILE = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=60).map("".join)


@given(HOSTILE)
def test_any_text_gives_few_short_messages_that_a_database_can_hold(log: str):
    found = log_messages(log)
    assert len(found) <= MOST
    for one in found:
        assert 0 < len(one.text) <= LONGEST + 1000
        assert len(one.context or "") <= (BEFORE + 1) * 1001
        shown = one.text + (one.context or "") + (one.path or "")
        shown.encode()
        assert not any(letter < " " for letter in shown if letter not in "\n\t")
        assert len(masked(one.text)) <= 10 * LONGEST


@pytest.mark.parametrize(
    "line",
    [
        "\x1b[" * 2000,
        ": line 1: " * 400,
        "Assertion " * 400,
        "a > " * 1000,
        "Error" * 800,
        "((1," * 999,
    ],
)
def test_megabyte_of_what_patterns_begin_with_is_read_without_backtracking(line: str):
    before = time.monotonic()
    log_messages((line + "\n") * 250)
    assert time.monotonic() - before < 30  # a fifth of a second where nothing else runs


@pytest.mark.parametrize(
    "coloured",
    [
        "\x1b[1;31merror\x1b[0m: no",
        "\x1b(B\x1b[merror: no",
        "\x1b]8;;x\x1b\\error: no",
        "10%\rerror: no",
    ],
)
def test_colours_and_what_was_overprinted_are_left_out(coloured: str):
    assert texts(log_messages(f"{coloured}\n")) == ["error: no"]


def test_exception_that_led_to_another_is_left_to_the_other():
    log = (
        "KeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n"
        "ValueError: no such price\n"
    )
    assert texts(log_messages(log)) == ["ValueError: no such price"]
