"""A PostgreSQL that is away in every way: the store says so in time, and goes on afterwards.

With RUNLEDGER_TEST=all a listener lives through each of them while deliveries come in, as in
tests/torture/test_outages.py.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from engines import connect, faults
from fakegithub.payloads import events
from schema import migrate
from store import apply
from store.deliveries.table import Delivery
from tests import leftovers, servers
from tests.postgresql.outages import OUTAGES, WAYS, may_mount
from tests.store import production_doors
from tests.torture.outages import Plan, outage
from tests.torture.stage import Stage

POSTGRESQL = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
FAULTS = {
    "stopped": (faults.CONNECTION, faults.GONE),
    "frozen": (faults.CONNECTION,),
    "read-only": (faults.GONE,),
    "out of connections": (faults.CONNECTION, faults.GONE),
    "disk full": (faults.CONNECTION,),
    "without rights": (faults.ACCESS,),
    "wrong password": (faults.ACCESS,),
    "schema not upgraded": (faults.ACCESS,),
}
HERE = events.repository(full_name="octo-org/app", id=7)
CI = events.workflow(repository=HERE, name="CI")


def delivery(guid: str) -> Delivery:
    run = events.run(repository=HERE, workflow=CI, id=100)
    told = events.workflow_job_event(
        action="queued", job=events.job(run=run, id=200), repository=HERE
    )
    return production_doors.sent("workflow_job", told, guid).delivery


@pytest.fixture
def stage(engine_name: str, tmp_path: Path) -> Iterator[Stage]:
    """Give a server of the test's own, with the schema."""
    made = Stage(engine_name, tmp_path / "stage", servers.DURABLE)
    migrate.upgrade(made.url)
    yield made
    made.close()
    leftovers.forget(made.server.pid)


@POSTGRESQL
def test_each_outage_is_told_in_time_and_is_over_when_it_ends(stage: Stage, tmp_path: Path):
    engine = connect(WAYS.let_in(stage))
    assert write(engine, "before") is None
    for name, expected in FAULTS.items():
        if name == "disk full" and not may_mount(tmp_path):
            continue  # only root can make a disk
        with OUTAGES[name](stage):
            began = time.monotonic()
            errors = filter(None, (write(engine, f"{name} {number}") for number in range(200)))
            error = next(errors, None)
            assert faults.fault(error) in expected, (name, error)
            assert time.monotonic() - began < 8, name
        until = time.monotonic() + 10
        while (error := write(engine, f"after {name}")) and time.monotonic() < until:
            time.sleep(0.05)
        assert (name, error) == (name, None)
    engine.dispose()


def write(engine: Engine, guid: str) -> SQLAlchemyError | None:
    """Store a delivery as the listener does; return why it cannot be."""
    apply.CACHES.clear()
    try:
        production_doors.store(engine, delivery(guid))
    except SQLAlchemyError as error:
        return error
    return None


@POSTGRESQL
@pytest.mark.parametrize("name", OUTAGES)
def test_outage_loses_nothing_and_no_request_waits_8_seconds(
    engine_name: str, name: str, tmp_path: Path
):
    found = outage(name, Plan(engine_name), tmp_path, WAYS)
    assert found.verdict.is_good, found
    assert found.verdict.acknowledged == 800
    assert found.failed == 0, found
    assert found.spooled > 20, found
    assert found.slowest < 8, found
