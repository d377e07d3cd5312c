"""Kill -9 at any moment, Ctrl-C, --max-requests: the same command goes on, and all is whole."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backfill.pipeline.thread_pool import AHEAD, THREADS
from backfill.pipeline.writer import BATCH_PARTS
from engines import connect
from fakegithub.server import Server
from fakegithub.world.history import history
from fakegithub.world.world import World
from schema.tables.backfill import runreads, windows
from tests.backfill.filling import FAST, fill, served
from tests.backfill.test_complete import check_whole
from tests.counts import count
from tests.equality import Contents, check_equal, contents
from tests.fakegithub.samples import app_of, small_world
from tests.store.writers import emptied

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = count(3, 100)
REPEATED = AHEAD + BATCH_PARTS
"""Requests that a kill may make us repeat: those under way, and two batches not written yet."""


def command(*words: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.backfill.scaled", str(FAST), *words],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_asked(
    github: Server, number: int, process: subprocess.Popen[str] | None = None
) -> None:
    """Return once the server was asked so often, or the process ended."""
    deadline = time.monotonic() + 60
    while len(github.requests) < number and (process is None or process.poll() is None):
        assert time.monotonic() < deadline, "the command does not ask"
        time.sleep(0.002)


def reference(world: World, repo: int, url: str) -> Contents:
    """Return what a backfill stores that nobody kills."""
    emptied(url)
    assert fill(world, repo) == 0
    engine = connect(url)
    try:
        return contents(engine)
    finally:
        engine.dispose()


def run_of(path: str) -> int:
    """Return the run whose jobs are asked for."""
    return int(path.partition("/runs/")[2].partition("/")[0])


def check_closed(engine: Engine) -> None:
    """Fail unless the progress says that all is stored."""
    with engine.connect() as connection:
        assert set(connection.scalars(sa.select(windows.c.state))) == {"closed"}
        assert set(connection.scalars(sa.select(runreads.c.state))) == {"done"}


def test_killed_at_random_points_it_ends_with_equal_tables(engine: Engine, store_url: str):
    world = history(seed=11, runs=120, jobs=4, days=6)
    repo = world.members[("repo", None)][0]
    name = world.repo(repo).full_name
    draw = random.Random(11)
    with served(world, store_url) as github:
        wanted = reference(world, repo, store_url)
        whole = len(github.requests)
        for _ in range(KILLS):
            emptied(store_url)
            github.requests.clear()
            process = command("-r", name)
            wait_until_asked(github, draw.randrange(1, whole), process)
            time.sleep(draw.random() * 0.1)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.05)  # a server lets go of what the dead process held
            assert fill(world, repo) == 0
            check_equal(contents(engine), wanted)
            check_closed(engine)
            asked = Counter(one.path for one in github.requests if "/jobs" in one.path)
            assert sum(asked.values()) - len(asked) <= REPEATED


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_ctrl_c_ends_it_cleanly_and_says_how_to_go_on(engine: Engine, store_url: str):
    world = small_world(runs=300)
    with served(world, store_url, latency=0.02) as github:
        process = command("-r", "octo-org/app")
        wait_until_asked(github, 60, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert err.endswith("local-database.py: stopped; the same command goes on where it was\n")
        assert "Traceback" not in err
        assert " calls; " in out
        asked = len(github.requests)
        assert asked < 300
        github.latency = 0.0
        assert fill(world, app_of(world)) == 0
    check_whole(engine, world, app_of(world))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_max_requests_stops_it_and_the_next_command_goes_on(engine: Engine, store_url: str):
    world = history(seed=12, runs=60, jobs=2, days=5)
    repo = world.members[("repo", None)][0]
    with served(world, store_url) as github:
        stops = 0
        while code := fill(world, repo, "--max-requests", "25"):
            assert code == 3
            stops += 1
            assert stops < 30
            assert len(github.requests) <= 26 * stops  # and /rate_limit, which is free
        assert len(github.requests) <= 26 * (stops + 1)
        jobs_asked = Counter(one.path for one in github.requests if "/jobs" in one.path)
        assert len(jobs_asked) == 60
        # What a command paid for is stored. A run that takes several requests, for its earlier
        # attempts, may be cut off between them, and is then read from its beginning again.
        assert all(world.run(run_of(path)).attempt > 1 for path, n in jobs_asked.items() if n > 1)
        assert sum(jobs_asked.values()) - 60 <= THREADS * stops
    check_whole(engine, world, repo)
