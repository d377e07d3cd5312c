"""Bad input: one line, exit code 2, nothing written, nothing asked of GitHub."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fakegithub.samples import small_world
from fakegithub.server import serve
from tests.backfill.conftest import Command

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("-r", "octo org/app"), "REPOS: 'octo org/app' is not org/repo, org or org/*"),
        (("-r", "octo/app/x"), "REPOS: 'octo/app/x' is not org/repo, org or org/*"),
        (("-r", "https://github.com/o/r"), "REPOS: github.com is no server of GITHUB_API_URL"),
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
        (("app", "core"), "usage: 2 words belong to no flag (see --help)"),
        (("-m",), "usage: argument -m/--max_runs: expected one argument (see --help)"),
        (("--nonsense",), "usage: 1 words belong to no flag (see --help)"),
        (("--since", "1d"), "--since: is for --replay only"),
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


def test_unknown_host_of_the_api_is_one_line(command: Command, bare: Path, monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "https://github.invalid")
    done = command("-r", "octo-org/app")
    assert done.code == 2
    assert done.err == (
        "local-database.py: GITHUB_API_URL: the host of GITHUB_API_URL is not known\n"
    )
    assert list(bare.iterdir()) == []


def test_host_of_the_api_that_refuses_is_one_line(command: Command, bare: Path, monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    done = command("-r", "octo-org/app")
    assert done.code == 2
    assert done.err == (
        "local-database.py: GITHUB_API_URL: the host of GITHUB_API_URL refuses the connection\n"
    )
    assert list(bare.iterdir()) == []


def test_unknown_host_of_the_database_is_one_line(command: Command, bare: Path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql+pymysql://u@database.invalid/d")
    with serve(small_world()) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        done = command("-r", "octo-org/app", "-pwd", "sesame")
    assert done.code != 0
    assert done.err.startswith("local-database.py: the database does not answer: ")
    assert done.err.count("\n") == 1
    assert "sesame" not in done.err


def test_key_that_github_does_not_accept_is_one_line_and_makes_no_store(
    command: Command, bare: Path, monkeypatch
):
    with serve(small_world()) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        done = command("-r", "octo-org/app", "-k", "ghp_wrong")
    assert done.code == 2
    assert done.err == (
        "local-database.py: GitHub does not accept the key: it is wrong, expired or revoked\n"
    )
    assert list(bare.iterdir()) == []


def test_no_repository_at_all_is_one_line(command: Command, bare: Path):
    done = command()
    assert (done.code, done.err) == (
        2,
        "local-database.py: -r: name a repository: -r org/repo (none is stored yet)\n",
    )
    assert list(bare.iterdir()) == []


def test_i_alone_creates_the_schema_and_then_finds_it_up_to_date(command: Command, bare: Path):
    done = command("-i")
    assert (done.code, done.out, done.err) == (0, "the schema was created\n", "")
    assert (bare / "data/shark_dashboard.db").exists()
    assert command("-i").out == "the schema is up to date\n"
    assert command().err == (
        "local-database.py: -r: name a repository: -r org/repo (none is stored yet)\n"
    )


def test_dry_run_prints_the_plan_and_makes_no_store(command: Command, bare: Path, monkeypatch):
    with serve(small_world(runs=250)) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        monkeypatch.setenv("GITHUB_TOKEN", github.token)
        done = command("-r", "octo-org/app", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        # 250 runs, 3 pages of them, 1 of branches, and 5 calls of every repository.
        "octo-org/app: 250 runs, 0 of them are stored: about 259 calls",
        "in all about 259 calls, 4997 of 5000 are left this hour, 1000 stay for others: 18 s",
    ]
    assert list(bare.iterdir()) == []
    assert len(github.requests) == 4


def test_dry_run_without_a_key_says_what_60_calls_an_hour_mean(
    command: Command, bare: Path, monkeypatch
):
    with serve(small_world(runs=250)) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        done = command("-r", "octo-org/app", "-m", "100", "--dry-run")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("without a key GitHub allows 60 calls an hour instead of 5,000")
    assert lines[1] == "octo-org/app: 100 runs, 0 of them are stored: about 107 calls"
    # 45 now, 48 in each later hour: 107 calls end in the hour after the next.
    assert lines[2].endswith("57 of 60 are left this hour, 12 stay for others: 2 h")
    assert list(bare.iterdir()) == []
