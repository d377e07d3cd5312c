"""Older rows learn a new name while deliveries go on, and one process does it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import connect
from listener.background import housekeeping
from schema.tables.ci import workflowruns
from tests.listener.conftest import Deliver
from tests.listener.process import ROOT, running
from tests.listener.sending import changed, headers, recorded

RUN = "workflow_run__completed_success"
RENAMED = changed(
    RUN,
    repository__full_name="octo-org/new-name",
    repository__updated_at="2021-01-01T00:00:00Z",
    workflow_run__id=7,
)

ONE_PROCESS = """
import sys, time
from listener.background import housekeeping
from listener.intake.circuit_breaker import CircuitBreaker
from pathlib import Path
from runtime.file_lock import FileLock
from listener.worker import start_thread
housekeeping.step = lambda engine, days: print("works", flush=True) or (60.0, 0)
turn, breaker = FileLock(Path(sys.argv[1])), CircuitBreaker(print)
start_thread("background", turn, housekeeping.work, None, breaker, 30)
time.sleep(60)
"""


def names_of_runs(engine: sa.Engine) -> set[str | None]:
    with engine.connect() as connection:
        return set(connection.execute(sa.select(workflowruns.c.repo)).scalars())


def test_step_rewrites_what_is_due_and_then_rests(deliver: Deliver, engine: sa.Engine):
    assert housekeeping.step(engine, None) == (housekeeping.IDLE_SECONDS, 0)
    deliver("workflow_run", recorded(RUN))
    deliver("workflow_run", RENAMED)
    assert names_of_runs(engine) == {"octo-org/octo-repo", "octo-org/new-name"}
    for _ in range(30):
        if housekeeping.step(engine, None) == (housekeeping.IDLE_SECONDS, 0):
            break
    assert names_of_runs(engine) == {"octo-org/new-name"}


def test_step_that_fails_is_said_once_and_again_after_a_recovery(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture
):
    down = connect("mysql+pymysql://root:hunter22@127.0.0.1:1/runs")
    failed = (housekeeping.FAILED_SECONDS, 0)
    assert housekeeping.step(down, None) == failed
    assert housekeeping.step(down, None) == failed
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("WARNING", "cannot keep older rows up")
    assert "hunter22" not in record.fields["cause"]
    housekeeping.step(engine, None)
    housekeeping.step(down, None)
    said = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert said == ["cannot keep older rows up"] * 2
    housekeeping.HOUSEKEEPING.clear()


def test_work_is_done_by_one_process_and_then_by_the_next(tmp_path: Path):
    turn, outs = tmp_path / "turn", [tmp_path / name for name in ("first", "second")]
    turn.touch()
    processes = []
    try:
        for out in outs:
            with out.open("wb") as file:
                command = [sys.executable, "-c", ONE_PROCESS, str(turn)]
                processes.append(subprocess.Popen(command, cwd=ROOT, stdout=file))
        workers = wait_for_work(outs)
        time.sleep(1)
        assert wait_for_work(outs) == workers  # the other one still waits
        (first,) = workers
        processes[first].kill()
        deadline = time.monotonic() + 20
        while len(wait_for_work(outs)) < 2:
            assert time.monotonic() < deadline
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for_work(outs: list[Path]) -> list[int]:
    """Wait until a process works; return which have worked so far."""
    deadline = time.monotonic() + 20
    while not (found := [number for number, out in enumerate(outs) if out.read_text()]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_renamed_repository_is_told_to_older_rows_by_a_running_listener(tmp_path: Path):
    with running(tmp_path) as listener:
        for body in (recorded(RUN), RENAMED):
            assert listener.post(body, headers("workflow_run", body)).code == 200
        engine = connect(listener.url)
        deadline = time.monotonic() + 20
        while names_of_runs(engine) != {"octo-org/new-name"}:
            assert time.monotonic() < deadline, names_of_runs(engine)
            time.sleep(0.2)
