"""A store with rows in every table, and one without any that it is copied to."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engines import connect, connect_reader
from engines.column_types import BigId, Bytes, Exact, Long, Moment, Version
from fakegithub.world.history import history
from schema import migrate
from schema.tables.ci import metadata
from store.copying import copy_record
from store.copying.copy_record import Store
from tests.store import production_doors
from tests.store.writers import emptied

LETTERS = "Ünï 😀 \u202e 'a' \"b\" \\ %s :x {y}\t\n "
VALUES: dict[Any, Any] = {
    BigId: lambda number: 2**40 + number,
    Moment: lambda number: datetime(2026, 1, 1) + timedelta(days=number, microseconds=number),
    Bytes: lambda number: bytes(range(256)) * number,
    Version: lambda number: bytes([0, 255, number]),
}


def value_of(column: sa.Column[Any], number: int) -> Any:
    """Return a value that a column holds, another one for each number; sometimes none."""
    if column.nullable and number % 4 == 3:
        return None
    type_ = column.type
    for known, value in VALUES.items():
        if type_ is known:
            return value(number)
    if isinstance(type_, Exact):
        return f"{number} {LETTERS}"[: type_.length - 1]
    if isinstance(type_, Long):
        return f"{number}{LETTERS * 40}"
    if isinstance(type_, sa.Boolean):
        return number % 2 == 0
    return number + 0.1 if isinstance(type_, sa.Double) else number


def fill(engine: sa.Engine) -> None:
    """Give every table rows of any values, and gaps between their Ids."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            rows = [
                {one.name: value_of(one, number) for one in table.c if one.name != "Id"}
                for number in range(8, 15)
            ]
            if "version" in table.c and table.c.version.type is Version:
                del rows[0]["version"]  # what the default gives is text on SQLite
            connection.execute(sa.insert(table), rows[0])
            connection.execute(sa.insert(table), rows[1:])
            last = connection.scalar(sa.select(sa.func.max(table.c.Id)))
            connection.execute(sa.delete(table).where(table.c.Id.in_((last - 3, last))))


def read_store(url: str) -> Store:
    """Return the store at a URL, as the command reads it."""
    return Store(connect_reader(url), sa.make_url(url))


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a store with a little history, and with rows in every table."""
    file = tmp_path_factory.mktemp("filled") / "store.db"
    engine = connect(f"sqlite:///{file}")
    migrate.upgrade(engine)
    for one in history(seed=4, runs=4, jobs=3, days=2).deliveries():
        decision = production_doors.sent(one.event, one.payload, one.guid)
        production_doors.store(engine, decision.delivery)
    fill(engine)
    engine.dispose()
    return file


@pytest.fixture
def source_url(filled_file: Path, tmp_path: Path) -> str:
    """Give a store of the test's own, filled."""
    shutil.copy(filled_file, tmp_path / "source.db")
    return f"sqlite:///{tmp_path / 'source.db'}"


@pytest.fixture
def source(source_url: str) -> Iterator[Store]:
    """Give the filled store, as the command reads it."""
    store = read_store(source_url)
    yield store
    store.engine.dispose()


@pytest.fixture
def writer(source_url: str) -> Iterator[sa.Engine]:
    """Give an engine that writes to the filled store, as a listener does."""
    engine = connect(source_url)
    yield engine
    engine.dispose()


@pytest.fixture
def target(store_url: str) -> Iterator[sa.Engine]:
    """Give an empty store; what a copy notes in it is gone after the test."""
    emptied(store_url)
    engine = connect(store_url)
    yield engine
    copy_record.copyrecord.drop(engine, checkfirst=True)
    copy_record.set_revision(engine, migrate.known_revisions()[0])
    engine.dispose()


def rows_of(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that a store holds, by the Ids; bytes as such, also where SQLite has a text."""
    stored = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(sa.select(table).order_by("Id"))
            stored[table.name] = [
                tuple(
                    value.encode() if isinstance(value, str) and one.type is Version else value
                    for one, value in zip(table.c, row, strict=True)
                )
                for row in rows
            ]
    return stored
