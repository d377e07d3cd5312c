"""Two ways to write the same rows, and the empty databases that they are written to."""

import math
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, func, insert, select

from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.writer import AtomicWrite, Writer
from engines import connect
from schema import migrate
from schema.tables.ci import metadata
from store.open import WORK
from tests.torture.stage import NAME, Stage

Rows = dict[str, list[dict[str, Any]]]


@contextmanager
def empty(stage: Stage) -> Iterator[Engine]:
    """Give an engine for the stage's database, made anew: with the schema and no rows."""
    if stage.server:
        stage.administer(f"DROP DATABASE {NAME}")
        stage.make_database()
    else:
        shutil.rmtree(stage.folder, ignore_errors=True)
    engine = connect(stage.url, read_seconds=WORK.seconds)
    try:
        migrate.upgrade(engine)
        yield engine
    finally:
        engine.dispose()


def counted(engine: Engine) -> list[Any]:
    """Return a list that grows with each commit."""
    commits: list[Any] = []
    event.listen(engine, "commit", commits.append)
    return commits


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
    size = math.ceil(sum(map(len, rows.values())) / commits)
    pairs = [(table, values) for table, lines in rows.items() for values in lines]
    for start in range(0, len(pairs), size):
        insert_all(engine, pairs[start : start + size])


def insert_all(engine: Engine, batch: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Insert rows of some tables in one transaction."""
    tables: Rows = {}
    for table, values in batch:
        tables.setdefault(table, []).append(values)
    with engine.begin() as connection:
        for table, lines in tables.items():
            connection.execute(insert(metadata.tables[table]), lines)


def stored(engine: Engine, there: Rows | None = None) -> Rows:
    """Return the rows of all tables, but those that were `there` before."""
    rows: Rows = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            query = select(table).order_by(table.c.Id)
            lines = [dict(line) for line in connection.execute(query).mappings()]
            before = (there or {}).get(table.name, [])
            if new := [values for values in lines if values not in before]:
                rows[table.name] = new
    return rows


def counts(engine: Engine) -> dict[str, int]:
    """Return how many rows the tables have that have any."""
    numbers = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            query = select(func.count()).select_from(table)
            if number := connection.execute(query).scalar_one():
                numbers[table.name] = int(number)
    return numbers
