"""What a store's errors of some days come to is read off an index of times, not of all days."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event, insert

from engines import count_anew
from schema.tables.failures import failures
from store.errors import error_places, error_ranking
from store.errors.error_filter import ErrorFilter
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]

HOURS = 9000


def fill(engine: Engine) -> None:
    """Store a failure for each hour of a year, of three errors in turn."""
    repoid = stored.repo(engine)
    rows = [
        {
            "provider": "github", "jobgitid": hour, "number": 1, "rungitid": hour, "repoid": repoid,
            "source": "annotation", "message": f"error {hour % 3}", "kind": "cause",
            "fingerprint": f"2:{hour % 3}", "problem": f"2:{hour % 3}",
            "time": NOW - timedelta(hours=hour),
        }
        for hour in range(HOURS)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(failures), rows)
    count_anew(engine, [failures])
    if engine.dialect.name == "sqlite":  # a test before may have counted other rows
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        engine.dispose()  # connections keep what they know


def test_errors_of_days_are_read_by_their_time(engine: Engine):
    fill(engine)
    wanted = ErrorFilter(NOW - timedelta(days=10), NOW + timedelta(hours=1))
    told = list[tuple[str, Any]]()

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        told.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        page = error_ranking.list_errors(connection, wanted, 25)
        kept = error_ranking.read_kept(connection)
        kinds = error_ranking.count_kinds(connection, wanted)
    event.remove(engine, "before_cursor_execute", note)
    assert [(error.fingerprint, error.jobs) for error in page.errors] == [
        ("2:0", 81), ("2:1", 80), ("2:2", 80),
    ]  # fmt: skip
    assert kept.since == NOW - timedelta(hours=HOURS - 1)
    assert kinds == {}
    counted = [one for one in told if "GROUP BY" in one[0]]
    assert len(counted) == 2
    if engine.dialect.name == "sqlite":  # servers go by how much is stored
        with engine.connect() as connection:
            for statement, values in counted:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                # By an index of times, or by each error's: ANALYZE tells of few.
                assert "time>? AND time<?" in str(plan), plan


def test_repository_of_an_error_is_known_though_its_jobs_are_not_stored(engine: Engine):
    fill(engine)
    wanted = ErrorFilter(NOW - timedelta(days=10), NOW + timedelta(hours=1))
    with engine.connect() as connection:
        places = error_places.name_places(connection, wanted, {"2:0": 81})
    assert [(len(one.repositories), one.jobs) for one in places.values()] == [(1, ())]
