"""The one room behind three doors: webhook, backfill and replay all end here.

A batch of mapped deliveries is written in one transaction, in an order all writers share: the
repositories, the runs it touches (which locks them), then all else, and last what follows from it.
Rows converge, so order, duplication and door do not matter.
"""

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from engines.transaction import transact
from store.packages.package_repositories import link_repository
from store.state import gone_repositories
from store.write import (
    adopted_repositories,
    adopted_rows,
    branch_heads,
    changed_runs,
    derived_columns,
    fresh_rows,
    repositories,
)
from store.write.first_reads import EMPTY, FirstReads
from store.write.repositories import Batch, Tables
from store.write.upsert import NONE_KNOWN, insert_new, upsert
from store.write.version_cache import VersionCache

ORDER = (
    *("workflowruns", "repoaliases", "branches", "branchmoves", "commits"),
    *("tagpushes", "workflows", "runattempts", "jobs"),
)
"""Of the tables; the runs first, which locks them, new ones too."""

CACHES: WeakKeyDictionary[Engine, VersionCache] = WeakKeyDictionary()

Result = TypeVar("Result")
Work = Callable[[Connection, VersionCache], tuple[Tables, Result]]
End = Callable[[tuple[Tables, Result]], object]


def write(engine: Engine, work: Work[Result], end: End[Result] | None = None) -> Result:
    """Run a door's work in one transaction, durable on return: `end` is told what it returned.

    That is rows to be remembered, and what the door wants. Raises Unmappable, SQLAlchemyError.
    """
    cache = CACHES.setdefault(engine, VersionCache())
    written, result = transact(engine, lambda connection: work(connection, cache), end)
    cache.remember_all(written)
    return result


def apply(
    connection: Connection, batch: Batch, cache: VersionCache, told: bool, first: FirstReads = EMPTY
) -> Tables:
    """Write a batch, `told` by deliveries or read, in the caller's transaction; return its rows."""
    is_adopting = adopted_repositories.is_needed(connection, cache)
    if is_adopting:
        adopted_repositories.adopt_repositories(connection, batch)
    stored = repositories.store_repositories(connection, batch, cache, first.repositories)
    for repository in stored.values():
        if repository.is_named_anew:
            link_repository(connection, repository.repoid, repository.name, repository.url)
    tables = repositories.rows_by_table(batch, stored, cache)
    runs = tables["workflowruns"]
    derived_columns.resolve_workflow_names(connection, runs)
    fresh = fresh_rows.lock_runs(connection, tables, first, may_insert=not is_adopting)
    for table in ORDER:
        if is_adopting:
            adopted_rows.adopt_rows(connection, table, tables[table])
        upsert(connection, table, tables[table], fresh.numbers.get(table, NONE_KNOWN))
        insert_new(connection, table, fresh.rows.get(table, ()))
    note = changed_runs.noting(connection, runs, first.write_meanwhile)
    first.write_beside()
    derived_columns.update_runs(connection, *fresh.others, note=note, late=fresh.late)
    gone_repositories.settle_gone(connection, batch, stored, told)
    branch_heads.derive_branches(connection, tables)
    return {**tables, "repos": [mapped.repository.values for mapped in batch]}
