"""Kill -9 at any moment of a GitLab backfill: the same command goes on with what is not stored."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from fakegitlab.server import Server
from fakegitlab.world import Project
from schema.tables.backfill import runreads, windows
from schema.tables.ci import jobs, workflowruns
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME
from tests.counts import count
from tests.store.writers import emptied

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ROOT = Path(__file__).resolve().parents[3]
WORDS = ("-r", f"gitlab:{NAME}")
KILLS = count(2, 20)


def test_killed_backfill_goes_on_where_it_was(
    served: Server, project: Project, command: Command, engine: sa.Engine, store_url: str
) -> None:
    for _ in range(130):
        served.world.add_pipeline(project, jobs=2)
    assert command(*WORDS).code == 0
    whole, draw = len(served.requests), random.Random(4)
    begun = [draw.randrange(8, whole) for _ in range(KILLS)]
    for number in begun:
        emptied(store_url)
        served.requests.clear()
        arguments = [sys.executable, "-m", "tests.backfill.scaled", "100", *WORDS]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(served.requests) < number and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        is_done = runreads.c.state == "done"
        with engine.connect() as connection:
            done = connection.scalar(sa.select(sa.func.count()).where(is_done))
        again = command(*WORDS)
        assert again.code == 0
        rows = next(line.split() for line in again.out.splitlines() if "workflowruns" in line)
        assert sum(map(int, rows[1:])) == len(project.pipelines) - int(done or 0)
        with engine.connect() as connection:
            assert {*connection.scalars(sa.select(workflowruns.c.gitid))} == {*project.pipelines}
            assert {*connection.scalars(sa.select(jobs.c.gitid))} == {*project.jobs}
            assert {*connection.scalars(sa.select(runreads.c.state))} == {"done"}
            assert {*connection.scalars(sa.select(windows.c.state))} == {"closed"}
