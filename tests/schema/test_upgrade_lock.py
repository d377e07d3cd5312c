"""One upgrader at a time, and nobody waits for one that is gone."""

import subprocess
import sys

import pytest
from sqlalchemy import Engine, delete, select

from engines.lease import Lease, own_name, take
from schema.tables.reconciler import leases
from schema.upgrade_lock import NAME, UpgradeLocked, is_upgrading, upgrade_lock


def held(engine: Engine) -> str | None:
    """Return who holds the lease."""
    with engine.connect() as connection:
        query = select(leases.c.holder).where(leases.c.name == NAME)
        holder: str | None = connection.execute(query).scalar_one()
        return holder


def give(engine: Engine, holder: str, seconds: float) -> None:
    """Let somebody hold the lock for so long."""
    leases.create(engine, checkfirst=True)
    with engine.begin() as connection:
        connection.execute(delete(leases).where(leases.c.name == NAME))
    assert take(Lease(engine, leases, NAME, holder), seconds)


def test_lock_is_held_in_the_block_only(engine: Engine):
    with upgrade_lock(engine, 0):
        assert held(engine) is not None
        with pytest.raises(UpgradeLocked, match="another process has been upgrading"):
            upgrade_lock(engine, 0).__enter__()
    assert held(engine) is None


def test_lock_of_a_process_that_is_gone_is_taken_at_once(engine: Engine):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = own_name().partition(" ")[0]
    give(engine, f"{host} {ended.pid} abc", 45)
    with upgrade_lock(engine, 0):
        assert str(held(engine)).split(" ")[2] != "abc"


def test_lock_of_another_machine_is_waited_for(engine: Engine):
    give(engine, "another 1 abc", 45)
    with pytest.raises(UpgradeLocked):
        upgrade_lock(engine, 0.5).__enter__()
    assert held(engine) == "another 1 abc"


def test_lock_that_has_ended_is_taken(engine: Engine):
    give(engine, "another 1 abc", -1)
    with upgrade_lock(engine, 0):
        assert held(engine) != "another 1 abc"


def test_lock_that_ends_later_than_any_can_is_taken(engine: Engine):
    give(engine, "another 1 abc", 40 * 24 * 3600)
    assert not is_upgrading(engine)
    with upgrade_lock(engine, 0):
        assert held(engine) != "another 1 abc"


def test_lock_is_not_given_back_by_who_lost_it(engine: Engine):
    with upgrade_lock(engine, 0):
        give(engine, "another 1 abc", 45)
    assert held(engine) == "another 1 abc"
