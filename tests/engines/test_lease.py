"""One upgrader at a time, and nobody waits for one that is gone."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from engines import lease
from schema.tables.reconciler import leases


def held(engine: Engine) -> str | None:
    """Return who holds the lease."""
    with engine.connect() as connection:
        query = select(leases.c.holder).where(leases.c.name == lease.NAME)
        holder: str | None = connection.execute(query).scalar_one()
        return holder


def give(engine: Engine, holder: str, seconds: float) -> None:
    """Let somebody hold the lease for so long."""
    with engine.connect() as connection:
        lease.prepare(connection)
        until = lease.now(connection) + timedelta(seconds=seconds)
        given = update(leases).where(leases.c.name == lease.NAME)
        connection.execute(given.values(holder=holder, endtime=until))
        connection.commit()


def test_lease_is_held_in_the_block_only(engine: Engine):
    with lease.taken(engine, 0):
        assert held(engine) is not None
        with pytest.raises(lease.Taken, match="another process has been upgrading"):
            lease.taken(engine, 0).__enter__()
    assert held(engine) is None


def test_lease_of_a_process_that_is_gone_is_taken_at_once(engine: Engine):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = lease.holder_name().partition("/")[0]
    give(engine, f"{host}/{ended.pid}/abc", 3600)
    with lease.taken(engine, 0):
        assert str(held(engine)).split("/")[2] != "abc"


def test_lease_of_another_machine_is_waited_for(engine: Engine):
    give(engine, "another/1/abc", 3600)
    with pytest.raises(lease.Taken):
        lease.taken(engine, 0.5).__enter__()
    assert held(engine) == "another/1/abc"


def test_lease_that_has_ended_is_taken(engine: Engine):
    give(engine, "another/1/abc", -1)
    with lease.taken(engine, 0):
        assert held(engine) != "another/1/abc"


def test_lease_is_not_given_back_by_who_lost_it(engine: Engine):
    with lease.taken(engine, 0):
        give(engine, "another/1/abc", 3600)
    assert held(engine) == "another/1/abc"
