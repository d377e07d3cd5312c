"""What people see: bars on a terminal, plain lines elsewhere, and the closing words."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backfill.command.summary import format_counts
from backfill.github.api_access import RULES
from backfill.http.rate_limit import Budget, RateLimit
from backfill.pipeline import progress_bars as shows
from backfill.pipeline.progress_bars import ProgressBars, format_span
from fakegithub.samples import small_world
from fakegithub.world.history import history
from store.doors.api import CHANGED, NEW, UNCHANGED, Counts
from tests.backfill.conftest import Command
from tests.backfill.filling import FAST, served

ROOT = Path(__file__).resolve().parents[3]
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_length_of_time_is_told_in_its_two_largest_units(seconds: float, words: str):
    assert format_span(seconds) == words


def test_lines_come_every_few_seconds_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shows, "EVERY_SECONDS", 0.05)
    seen = ProgressBars()
    seen.rate_limit = RateLimit(RULES, seen.waiting)
    seen.rate_limit.budget = Budget(5000, 4321, time.time() + 600)
    seen.begin("octo-org/app")
    seen.expect("runs", 1000)
    seen.expect("jobs", 900)
    seen.advance("runs", 100)
    assert capsys.readouterr().err == ""
    time.sleep(0.06)
    seen.advance("jobs", 50)
    line = capsys.readouterr().err
    assert line.startswith("octo-org/app: runs 100 of 1000, jobs 50 of 900, about ")
    assert line.endswith(" to go; 4321 of 5000 calls left\n")
    seen.waiting("this hour's requests are used up", datetime(2026, 3, 2, 12, 30, 1))
    assert capsys.readouterr().err == (
        "this hour's requests are used up: waiting until 2026-03-02 12:30:01 UTC\n"
    )


def test_closing_table_tells_rows_new_changed_and_unchanged():
    counts = Counts({("jobs", NEW): 12, ("jobs", UNCHANGED): 3, ("repos", CHANGED): 1})
    lines = format_counts(counts).splitlines()
    assert lines[0].split() == ["rows", "new", "changed", "unchanged"]
    assert lines[1].split() == ["repos", "0", "1", "0"]
    assert lines[-1].split() == ["jobs", "12", "0", "3"]


@on_sqlite
def test_summary_says_what_it_cost_and_how_far_back_it_goes(engine, store_url, command: Command):
    world = small_world(runs=30)  # one a second from 12:00:00 on
    with served(world, store_url) as github:
        done = command("-r", "octo-org/app", "-m", "10")
        assert (
            "octo-org/app: oldest run reached 2026-03-02 12:00:20 UTC; "
            "only the newest 10 were asked for; 10 runs have not ended yet\n"
        ) in done.err
        assert "workflowruns          10         0" in done.out
        calls = len(github.requests) - 1  # /rate_limit is free
        assert f"{calls} calls; " in done.out
        done = command("-r", "octo-org/app", "-t", "2026-03-02T12:00:05Z")
        assert "oldest run reached 2026-03-02 12:00:05 UTC; older ones were not asked for" in (
            done.err
        )
        done = command("-r", "octo-org/app")
        assert "oldest run reached 2026-03-02 12:00:00 UTC; GitHub lists none before it" in done.err


@on_sqlite
def test_summary_says_where_githubs_own_retention_ended(engine, store_url, command: Command):
    world = history(seed=3, runs=40, jobs=2, days=20)
    with served(world, store_url, retention_days=10):
        done = command("-r", "octo-org/app-1")
    kept = world.at(retention_days=10).runs(world.members[("repo", None)][0])
    oldest = datetime.fromtimestamp(kept[-1].created_at, UTC)
    assert 0 < len(kept) < 40
    assert (
        f"oldest run reached {oldest:%Y-%m-%d %H:%M:%S} UTC; GitHub lists none before it"
    ) in done.err
    assert f"workflowruns{len(kept):>12}" in done.out


@on_sqlite
def test_terminal_shows_bars_for_runs_and_jobs_with_the_limit(engine, store_url):
    world = history(seed=3, runs=60, jobs=2, days=5)
    with served(world, store_url, latency=0.005):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 120))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.backfill.scaled", str(FAST), "-r", "octo-org/app-1"],
            cwd=ROOT,
            env=os.environ,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        seen = b""
        while chunk := read(ours):
            seen += chunk
        assert process.wait(20) == 0
        process.stdout.close()
    text = seen.decode()
    assert "octo-org/app-1 runs" in text
    assert "octo-org/app-1 jobs" in text
    assert "calls left" in text


def read(terminal: int) -> bytes:
    """Return what came in; nothing once the other side is closed."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""
