"""Health rows: since when something is wrong, and what changed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from engines import reading
from schema.tables.audits import health as table
from store.state import health
from store.state.health import HealthState
from tests.store.state.warned import read_warnings

SILENT = HealthState("org/app", "silence", "warning", "no delivery came since 10:00")
WELL = HealthState("org/app", "silence", "good")
TOKEN = HealthState("", "token", "bad", "the key expires")


def kept(engine: Engine) -> list[health.StoredHealth]:
    with reading(engine).connect() as connection:
        return health.rows(connection)


def age(engine: Engine, hours: int) -> datetime:
    """Let time pass: make all rows so many hours older; return when they changed then."""
    time = kept(engine)[0].changetime - timedelta(hours=hours)
    with engine.begin() as connection:
        connection.execute(update(table).values(changetime=time, checktime=time))
    return time


def test_state_that_stays_keeps_the_time_of_its_change(engine: Engine):
    assert health.put(engine, [SILENT]) == [SILENT]
    since = age(engine, 3)
    later = SILENT._replace(detail="no delivery came since 9:00")
    assert health.put(engine, [later]) == []
    (row,) = kept(engine)
    assert (row.changetime, row.detail) == (since, later.detail)
    assert row.checktime > since


def test_state_that_changes_is_told_and_dated_anew(engine: Engine):
    health.put(engine, [SILENT, TOKEN])
    since = age(engine, 3)
    assert health.put(engine, [WELL, TOKEN]) == [WELL]
    assert [(row.name, row.state, row.changetime > since) for row in kept(engine)] == [
        ("token", "bad", False),
        ("silence", "good", True),
    ]
    assert health.put(engine, [SILENT]) == [SILENT]


def test_thing_that_is_well_from_the_beginning_is_no_change(engine: Engine):
    assert health.put(engine, [WELL]) == []
    assert [row.state for row in kept(engine)] == ["good"]


def test_warnings_are_what_is_not_good_the_worst_first(engine: Engine):
    health.put(engine, [SILENT, WELL._replace(subject="org/other"), TOKEN])
    assert [(row.name, row.state) for row in read_warnings(engine)] == [
        ("token", "bad"),
        ("silence", "warning"),
    ]


@pytest.mark.parametrize(
    ("looked_at", "left"), [({"silence"}, ["org/new"]), ((), ["org/app", "org/new"])]
)
def test_what_is_no_longer_seen_is_dropped_where_it_was_looked_for(engine, looked_at, left):
    health.put(engine, [SILENT])
    health.put(engine, [SILENT._replace(subject="org/new")], looked_at)
    assert [row.subject for row in kept(engine)] == left
