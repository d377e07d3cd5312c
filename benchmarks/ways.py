"""Two ways to write the same rows, and the empty databases that they are written to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, insert, select

from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.writer import AtomicWrite, Writer
from engines import connect
from schema import migrate
from schema.tables.ci import metadata
from store.open import WORK
from tests import leftovers, servers

Rows = dict[str, list[dict[str, Any]]]


@contextmanager
def started(name: str) -> Iterator[servers.Server | None]:
    """Start a server that flushes at each commit; None for SQLite, which always does."""
    if name == "sqlite":
        yield None
        return
    home = leftovers.session_dir() / f"bench{servers.free_port()}"
    server = servers.START[name](home, servers.free_port(), servers.LOGGED)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def empty(server: servers.Server | None, folder: Path) -> Iterator[Engine]:
    """Give an engine for a database with the schema and no rows; it is removed afterwards."""
    name = "bench"
    if server is None:
        url = f"sqlite:///{folder / name}.db"
    else:
        administer(server, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        url = f"{server.url}/{name}"
    engine = connect(url, read_seconds=WORK.seconds)
    try:
        migrate.upgrade(engine)
        yield engine
    finally:
        engine.dispose()
        if server is None:
            for file in folder.glob(f"{name}.db*"):
                file.unlink()
        else:
            administer(server, f"DROP DATABASE {name}")


def administer(server: servers.Server, statement: str) -> None:
    """Run a statement as root."""
    root = create_engine(server.url)
    with root.connect() as connection:
        connection.exec_driver_sql(statement)
    root.dispose()


def counted(engine: Engine) -> list[Any]:
    """Return a list that grows with each commit."""
    found: list[Any] = []
    event.listen(engine, "commit", found.append)
    return found


def by_backfill(engine: Engine, parts: Iterable[AtomicWrite]) -> None:
    """Write as a backfill does. Raises what stopped it, and RuntimeError for a row refused."""
    refused: list[str] = []
    writer = Writer(engine, refused.append, OutageRetry(refused.append))
    for part in parts:
        writer.put(part.reads, part.note)
    writer.close()
    writer.check()
    if refused:
        raise RuntimeError(refused[0])


def by_plain(engine: Engine, rows: Rows, commits: int) -> None:
    """Insert rows with executemany, table after table, in so many transactions."""
    size = math.ceil(sum(len(found) for found in rows.values()) / commits)
    batch: list[tuple[str, dict[str, Any]]] = []
    for table, found in rows.items():
        for values in found:
            batch.append((table, values))
            if len(batch) == size:
                insert_all(engine, batch)
                batch = []
    if batch:
        insert_all(engine, batch)


def insert_all(engine: Engine, batch: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Insert rows of some tables in one transaction."""
    tables: Rows = {}
    for table, values in batch:
        tables.setdefault(table, []).append(values)
    with engine.begin() as connection:
        for table, found in tables.items():
            connection.execute(insert(metadata.tables[table]), found)


def stored(engine: Engine, there: Rows | None = None) -> Rows:
    """Return the rows of all tables, but those that were `there` before."""
    rows: Rows = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            found = connection.execute(select(table).order_by(table.c.Id)).mappings()
            before = (there or {}).get(table.name, [])
            if those := [values for one in found if (values := dict(one)) not in before]:
                rows[table.name] = those
    return rows


def counts(engine: Engine) -> dict[str, int]:
    """Return how many rows the tables have that have any."""
    found = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            query = select(func.count()).select_from(table)
            if number := connection.execute(query).scalar_one():
                found[table.name] = int(number)
    return found
