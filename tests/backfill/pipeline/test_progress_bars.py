"""What people see: bars on a terminal, plain lines elsewhere, and the closing words."""

import os
import pty
import subprocess
import sys
import termios
import time
from datetime import datetime
from pathlib import Path

import pytest

from backfill.github.api_access import RULES
from backfill.http.rate_limit import Budget, RateLimit
from backfill.pipeline import progress_bars as shows
from backfill.pipeline.progress_bars import ProgressBars, format_span
from fakegithub.world.history import history
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
    seen.rate_limit.budget = Budget(5000, 4321, time.monotonic() + 600)
    seen.begin("octo-org/app")
    seen.expect("runs", 1000)
    seen.expect("jobs", 900)
    seen.advance("runs", 100)
    assert capsys.readouterr().err == ""
    time.sleep(0.06)
    seen.advance("jobs", 50)
    line = capsys.readouterr().err
    assert line.startswith("octo-org/app: runs 100 of 1000, jobs 50 of 900, about ")
    assert line.endswith(" to go; 4,321 of 5,000 calls left\n")
    seen.waiting("this hour's requests are used up", datetime(2026, 3, 2, 12, 30, 1))
    assert capsys.readouterr().err == (
        "this hour's requests are used up: waiting until 2026-03-02 12:30:01 UTC\n"
    )


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
