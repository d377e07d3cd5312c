"""SQLite's log is cut once no reader needs it any more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import connect, sqlite
from listener.background import housekeeping
from schema import migrate

SHORT = 1_000_000

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def engine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    monkeypatch.setattr(sqlite, "LOG_BYTES", SHORT)
    migrate.upgrade(database_url)
    made = connect(database_url)
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE filled (value BLOB)")
    yield made
    made.dispose()


def fill(engine: sa.Engine, times: int = 100) -> None:
    for _ in range(times):
        with engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO filled VALUES (zeroblob(100000))")


def reader_of(engine: sa.Engine) -> sqlite3.Connection:
    """Begin to read, as an analyst does who does not end."""
    reader = sqlite3.connect(Path(str(engine.url.database)), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM filled").fetchall()
    return reader


def test_log_is_cut_by_a_commit_once_the_reader_has_ended(engine: sa.Engine):
    with closing(reader_of(engine)):
        fill(engine)
        assert sqlite.log_bytes(engine.url) > 9 * SHORT
    fill(engine, 3)
    assert sqlite.log_bytes(engine.url) <= SHORT


def test_log_is_cut_by_upkeep_where_one_reader_follows_the_other(engine: sa.Engine):
    reader = reader_of(engine)
    for _ in range(3):
        fill(engine, 30)
        following = reader_of(engine)
        reader.close()
        reader = following
    assert sqlite.log_bytes(engine.url) > 8 * SHORT
    housekeeping.step(engine, 30)  # as long as it is read, upkeep neither waits nor fails
    assert sqlite.log_bytes(engine.url) > 8 * SHORT
    reader.close()
    housekeeping.step(engine, 30)
    assert sqlite.log_bytes(engine.url) <= SHORT
