"""Remove a repository with all that is stored of it."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, or_, select

from engines import reading
from engines.transaction import transact
from rows import Unmappable
from rows.sources import source_of
from schema.tables.audits import health
from schema.tables.ci import metadata, repoaliases, repos
from schema.tables.deliveries import deliveries
from schema.tables.reconciler import marks
from store.deliveries import body
from store.deliveries.table import delivery_of
from store.reads.for_backfill import find_repository_id
from store.reads.repository_names import list_names
from store.rollups import make
from store.write import lake_marks
from store.write.repositories import Key

BATCH = 500
LATE_SECONDS = 5.0
"""No transaction of a listener takes longer."""


def list_repositories(engine: Engine, name: str, server: str = "") -> list[Key]:
    """Return the repositories whose full name is or was `name`, without regard to case.

    `server` is the provider that they are of, or how that begins.
    """
    former = select(repoaliases.c.repoid).where(func.lower(repoaliases.c.name) == name.lower())
    is_meant = (func.lower(repos.c.name) == name.lower()) | repos.c.Id.in_(former)
    is_claimed = repos.c.gitid.is_not(None)  # without its id it cannot be told from others
    with reading(engine).connect() as connection:
        query = select(repos.c.provider, repos.c.gitid).where(is_meant, is_claimed)
        rows = connection.execute(query)
        keys = [(provider, gitid) for provider, gitid in rows]
    return [key for key in keys if is_on(key[0], server)]


def is_on(provider: str, server: str) -> bool:
    """Tell whether a provider is that, or begins so: with a vendor, or a host before its path."""
    return not server or provider == server or provider.startswith((f"{server}:", f"{server}/"))


def count_rows(engine: Engine, key: Key) -> dict[str, int]:
    """Return how many rows each table holds of a repository; raw deliveries are not counted."""
    with reading(engine).connect() as connection:
        repoid = find_repository_id(connection, *key)
        counts = {
            table.name: connection.scalar(
                select(func.count()).select_from(table).where(table.c.repoid == repoid)
            )
            for table in tables()
        }
    return {name: number for name, number in counts.items() if number}


def forget(engine: Engine, key: Key) -> dict[str, int]:
    """Delete a repository, its rows and its raw deliveries; return how many of each table.

    In batches, the repository itself last: a process killed half-way goes on when it is run
    again. A listener that still watches it stores what comes from now on: what that has written
    of the one that is gone is deleted, too, for it would refuse the same runs ever after, and the
    deliveries that it came of.
    """
    with reading(engine).connect() as connection:
        repoid = find_repository_id(connection, *key)
        if repoid is None:
            return {}
        names = list_names(connection, repoid)
    counts = Counter(deliveries=forget_deliveries(engine, key, names, find_last_delivery(engine)))
    counts += delete_all_rows(engine, repoid)
    counts["health"] = delete_rows(engine, health, func.lower(health.c.subject).in_(names))
    delete_rows(engine, marks, is_mark_of(repoid))
    make.drop_all(engine)  # those of all repositories together count its runs
    counts["repos"] = delete_rows(engine, repos, repos.c.Id == repoid)
    last = find_last_delivery(engine)
    while late := delete_all_rows(engine, repoid):
        counts += late
        make.drop_all(engine)
        time.sleep(LATE_SECONDS)
    counts["deliveries"] += forget_deliveries(engine, key, names, last)
    return dict(+counts)


def find_last_delivery(engine: Engine) -> int:
    """Return the number of the delivery that was stored last."""
    with reading(engine).connect() as connection:
        return connection.scalar(select(func.max(deliveries.c.Id))) or 0


def delete_all_rows(engine: Engine, repoid: int) -> Counter[str]:
    """Delete the rows that belong to a repository; return how many of each table."""
    counts = Counter[str]()
    for table in tables():
        counts[table.name] = delete_rows(engine, table, table.c.repoid == repoid, repoid)
    return +counts


def is_mark_of(repoid: int) -> ColumnElement[bool]:
    """Return the condition of what is remembered of a repository, or of a part of it."""
    return or_(marks.c.subject == str(repoid), marks.c.subject.startswith(f"{repoid} "))


def tables() -> list[Table]:
    """Return the tables whose rows belong to a repository."""
    return [table for table in metadata.sorted_tables if "repoid" in table.c]


def delete_rows(engine: Engine, table: Table, condition: Any, repoid: int | None = None) -> int:
    """Delete rows, of a repository, a batch at a time; return how many."""
    query = select(table.c.Id).where(condition).order_by(table.c.Id).limit(BATCH)

    def work(connection: Connection) -> int:
        numbers = connection.scalars(query).all()
        if numbers:
            connection.execute(delete(table).where(table.c.Id.in_(numbers)))
            lake_marks.note_repositories(connection, [repoid] if repoid else [])
        return len(numbers)

    total = deleted = transact(engine, work)
    while deleted == BATCH:
        deleted = transact(engine, work)
        total += deleted
    return total


def forget_deliveries(engine: Engine, key: Key, names: set[str], last: int) -> int:
    """Delete the raw deliveries of a repository up to a number, page by page; return how many."""
    after, total = 0, 0
    is_named = (deliveries.c.provider == key[0]) & func.lower(deliveries.c.repo).in_(names)
    is_named &= deliveries.c.Id <= last
    while True:
        query = select(deliveries).where(is_named, deliveries.c.Id > after)
        with reading(engine).connect() as connection:
            rows = connection.execute(query.order_by(deliveries.c.Id).limit(BATCH)).all()
            parts = body.read_parts(connection, rows)
        if not rows:
            return total
        after = rows[-1].Id
        of_it = [row for row in rows if is_of(row, parts, key)]

        def work(connection: Connection, batch: list[Any] = of_it) -> None:
            body.drop_parts(connection, [(row.provider, row.guid) for row in batch])
            numbers = [row.Id for row in batch]
            connection.execute(delete(deliveries).where(deliveries.c.Id.in_(numbers)))

        if of_it:
            transact(engine, work)
            total += len(of_it)


def is_of(row: Any, parts: Mapping[body.Key, bytes], key: Key) -> bool:
    """Tell whether a delivery is of this repository: another one may have had the name."""
    if row.body is None:
        return True
    try:
        payload = body.read_payload(delivery_of(row, parts).body)
        seen = source_of(row.provider).repository_of(payload, row.provider)
    except Unmappable:
        return True
    return seen is None or (seen.provider, seen.gitid) == key
