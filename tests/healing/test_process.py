"""The reconciler as processes: beside the listener, two of them, killed, and after a day's rest."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import connect
from fakegithub.server import Server, serve
from fakegithub.world.history import history
from fakegithub.world.world import World
from schema.tables.ci import workflowruns
from schema.tables.deliveries import deliveries
from schema.tables.reconciler import leases
from tests.fakegithub.samples import app_of
from tests.healing.equal import check_equals_world
from tests.listener import sending
from tests.listener.process import Listener, environment, running

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST = 120.0
"""Seconds until something that does not come fails the test: other tests run beside it."""
APP = "octo-org/app-1"


def recent_world(days: int, runs: int) -> World:
    """Return a world whose last day is today."""
    now = datetime.now(UTC).replace(microsecond=0)
    return history(seed=3, runs=runs, jobs=2, days=days, start=now - timedelta(days=days + 1))


def until(condition: Callable[[], object], log: Callable[[], str] = str) -> None:
    """Wait until a condition holds: one that returns something true, or fails no more."""
    deadline = time.monotonic() + LONGEST
    while True:
        try:
            if condition() is not False:
                return
            error: Exception = AssertionError("it did not come")
        except (AssertionError, sa.exc.SQLAlchemyError) as raised:
            error = raised
        if time.monotonic() > deadline:
            raise AssertionError(f"{error}\n{log()}") from error
        time.sleep(0.1)


def pids(listener: Listener) -> list[int]:
    """Return the reconcilers that a listener has started."""
    return [int(pid) for pid in re.findall(r'"the reconciler started" pid=(\d+)', listener.log())]


def has_started(listener: Listener, times: int) -> bool:
    """Tell whether a listener has started a reconciler so often."""
    return len(pids(listener)) >= times


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_listener_with_a_key_and_no_hook_has_own_data_at_once(tmp_path):
    world = recent_world(days=3, runs=12)
    repo = app_of(world)
    with (
        serve(world) as github,
        running(tmp_path, "-r", APP, "-k", github.token, GITHUB_API_URL=github.url) as listener,
    ):
        engine = connect(listener.url)
        until(lambda: check_equals_world(engine, world, repo), listener.log)
        (first,) = pids(listener)
        # The key is in no command line, and one killed is followed by another.
        assert github.token.encode() not in Path(f"/proc/{first}/cmdline").read_bytes()
        os.kill(first, signal.SIGKILL)
        until(lambda: len(pids(listener)) == 2, listener.log)
        second = pids(listener)[1]
        listener.stop(signal.SIGKILL)  # even so it ends with the listener
        until(lambda: not is_alive(second))
        engine.dispose()


def test_listener_that_was_down_for_a_day_is_whole_after_the_same_command(tmp_path):
    world = recent_world(days=3, runs=15)
    repo = app_of(world)
    begin, now = world.times[0], int(time.time())
    with serve(world, clock=lambda: now - 2 * 86_400) as github:
        hook = github.hooks.create(
            "", repo_id=repo, events=("*",), secret=sending.SECRET, content_type="json"
        )
        hook.created_at = begin
        with running(
            tmp_path, "-r", APP, GITHUB_TOKEN=github.token, GITHUB_API_URL=github.url
        ) as listener:
            hook.url = f"http://127.0.0.1:{listener.port}/webhook"
            github.hooks.send_due(until=github.now())
            listener.stop(signal.SIGTERM)
        github.clock = None
        github.hooks.send_due()  # nobody takes them
        assert {one.outcome.status_code for one in hook.log[-5:]} == {0}
        with running(
            tmp_path, "-r", APP, GITHUB_TOKEN=github.token, GITHUB_API_URL=github.url
        ) as listener:
            engine = connect(listener.url)
            wanted = {one.delivery.guid for one in github.hooks.log_of(hook)}

            def is_whole() -> bool:
                check_equals_world(engine, world, repo)
                with engine.connect() as connection:
                    return wanted <= set(connection.scalars(sa.select(deliveries.c.guid)))

            until(is_whole, listener.log)
            engine.dispose()


def test_reception_goes_on_whatever_the_reconciler_meets(tmp_path):
    nowhere = "http://127.0.0.1:1"
    with running(tmp_path, GITHUB_TOKEN="ghp_wrong_key", GITHUB_API_URL=nowhere) as listener:
        body = sending.recorded("push__branch_created")
        for times in (1, 2, 3):
            until(partial(has_started, listener, times), listener.log)
            os.kill(pids(listener)[-1], signal.SIGKILL)
            reply = listener.post(body, sending.headers("push", body))
            assert reply.code == 200


def test_listener_without_a_key_or_switched_off_starts_none(tmp_path):
    with running(tmp_path, GITHUB_TOKEN="ghp_some_key", RECONCILE="off") as listener:
        assert 'msg="healing is off" why="RECONCILE=off"' in (listener.log())
        assert pids(listener) == []


@contextmanager
def reconciler(folder: Path, github: Server, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a reconciler of short leases until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.healing.fast"],
        cwd=folder,
        env=environment(
            PYTHONPATH=str(ROOT),
            DATABASE_URL=url,
            GITHUB_TOKEN=github.token,
            GITHUB_API_URL=github.url,
            REPOS="octo-org",
        ),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_two_replicas_one_reconciles_and_the_other_takes_over(store_url, engine, tmp_path):
    world = recent_world(days=1, runs=2)

    def holder() -> int:
        with engine.connect() as connection:
            query = sa.select(leases.c.holder).where(leases.c.name.startswith("reconcile "))
            name = connection.execute(query).scalar_one_or_none()
        return int(name.split()[-2]) if name else 0

    with (
        serve(world) as github,
        reconciler(tmp_path, github, store_url) as one,
        reconciler(tmp_path, github, store_url) as two,
    ):
        until(lambda: holder() != 0)
        until(lambda: check_equals_world(engine, world, app_of(world)))
        first, second = (one, two) if holder() == one.pid else (two, one)
        assert first.poll() is None
        assert second.poll() is None
        first.kill()
        first.wait()
        flow = world.members[("workflow", app_of(world))][0]
        world.finish_run(world.trigger(flow, after=5), after=5)
        until(lambda: holder() == second.pid)
        until(lambda: check_equals_world(engine, world, app_of(world)))
        # One that is told to end gives its lease up.
        second.terminate()
        assert second.wait(timeout=30) == 0
        assert holder() == 0


@on_sqlite
def test_backfill_of_the_newest_runs_after_a_day_covers_them(engine, store_url, tmp_path):
    world = recent_world(days=4, runs=20)
    repo = app_of(world)
    with serve(world, clock=lambda: int(time.time()) - 2 * 86_400) as github:
        command = [sys.executable, str(ROOT / "local-database.py"), "-r", APP, "-m", "10"]
        variables = environment(
            DATABASE_URL=store_url, GITHUB_TOKEN=github.token, GITHUB_API_URL=github.url
        )
        assert subprocess.run(command, cwd=tmp_path, env=variables, check=False).returncode == 0
        github.clock = None
        assert subprocess.run(command, cwd=tmp_path, env=variables, check=False).returncode == 0
    newest = {(run.id, run.attempt, run.status) for run in list(world.at().runs(repo))[:10]}
    with engine.connect() as connection:
        c = workflowruns.c
        found = connection.execute(sa.select(c.gitid, c.attempt, c.status))
        assert newest <= {tuple(row) for row in found}
