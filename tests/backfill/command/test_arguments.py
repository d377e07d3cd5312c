"""Bad input: one line, exit code 2, nothing written, nothing asked of GitHub."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fakegithub.server import serve
from tests.backfill.conftest import Command
from tests.fakegithub.samples import small_world

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("-r", "octo org/app"), "REPOS: 'octo org/app' is not org/repo, org or org/*"),
        (("-r", "octo/app/x"), "REPOS: 'octo/app/x' is not org/repo, org or org/*"),
        (("-r", "https://github.com/o/r"), "REPOS: github.com is no server of GITHUB_API_URL, "),
        (("-r", ""), "REPOS: is empty"),
        (("-m", "0"), "--max_runs: '0' is not a number of at least 1; -1 means all"),
        (("-m", "-2"), "--max_runs: '-2' is not a number of at least 1; -1 means all"),
        (("-m", "ten"), "--max_runs: 'ten' is not a number of at least 1; -1 means all"),
        (("-m", "1e3"), "--max_runs: '1e3' is not a number of at least 1; -1 means all"),
        (("-t", TOMORROW), f"--last_time: '{TOMORROW}' is in the future"),
        (("-t", "9999999999"), "--last_time: '9999999999' is in the future"),
        (("-t", "soon"), "--last_time: 'soon' is not a date like 2026-01-31"),
        (("--commits", "some"), "--commits: 'some' is not a number of at least 1; all means all"),
        (("--max-requests", "0"), "--max-requests: '0' is not a number of at least 1"),
        (("-k", "ghp_abc\ndef"), "GITHUB_TOKEN: holds a control character"),
        (("-pwdsecret",), "-pwd: a password is a word of its own: -pwd PASSWORD or -pwd=-x"),
        (
            ("app", "core"),
            "usage: 2 unknown arguments, not repeated: it may be of a password (see --help)",
        ),
        (("-m",), "usage: argument -m/--max_runs: expected one argument (see --help)"),
        (("--forget", ""), "--forget: is empty"),
        (("--copy-to", ""), "--copy-to: is empty"),
        (("--forget", "a/b"), "-r: has no effect with --forget: it names the repository itself"),
        (("--replay", "--since", "1d", "--until", "2d"), "--until: is not later than --since"),
        (("--nonsense",), "usage: unknown option --nonsense (see --help)"),
        (
            ("--since", "1d"),
            "--since: is for --replay, --audit and --reasons only; a backfill",
        ),
    ],
)
def test_bad_flag_is_one_line_and_nothing_is_written(
    command: Command, bare: Path, words: tuple[str, ...], line: str, monkeypatch
):
    with serve(small_world()) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        repo = () if "-r" in words else ("-r", "octo-org/app")
        done = command(*repo, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"local-database.py: {line}")
    assert done.err.count("\n") == 1
    assert list(bare.iterdir()) == []
    assert github.requests == []


def test_key_file_that_cannot_be_read_is_one_line(command: Command, bare: Path, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN_FILE", "no-such-file")
    done = command("-r", "octo-org/app")
    assert done.code == 2
    assert done.err == (
        f"local-database.py: GITHUB_TOKEN_FILE: {bare}/no-such-file cannot be read "
        "(No such file or directory)\n"
    )
    assert list(bare.iterdir()) == []


def test_key_file_with_a_line_break_inside_is_refused_without_showing_it(
    command: Command, bare: Path, monkeypatch
):
    (bare / "key").write_text("ghp_abc\nghp_def\n")
    monkeypatch.setenv("GITHUB_TOKEN_FILE", "key")
    done = command("-r", "octo-org/app")
    assert (done.code, done.err) == (
        2,
        "local-database.py: GITHUB_TOKEN: holds a control character\n",
    )


def test_unknown_host_of_the_database_is_one_line(command: Command, bare: Path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql+pymysql://u@database.invalid/d")
    with serve(small_world()) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        done = command("-r", "octo-org/app", "-pwd", "sesame")
    assert done.code != 0
    assert done.err.startswith("local-database.py: the database does not answer: ")
    assert done.err.count("\n") == 1
    assert "sesame" not in done.err


def test_no_repository_at_all_is_one_line(command: Command, bare: Path):
    done = command()
    assert (done.code, done.err) == (
        2,
        "local-database.py: -r: name a repository: -r org/repo (none is stored yet)\n",
    )
    assert list(bare.iterdir()) == []
