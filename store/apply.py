"""The one room behind three doors: webhook, backfill and replay all end here.

A batch of mapped deliveries is written in one transaction, in an order that every writer shares:
repositories, then the runs the batch touches (which locks them), then everything else, and last
what follows from the stored rows. Rows converge, so order, duplication and door do not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from engines import reading
from engines.transaction import transact
from rows import Mapped, StoredName
from rows.version import STUB
from schema.tables.ci import workflows
from store.deliveries import table
from store.deliveries.table import Delivery
from store.write import (
    adopted_repositories,
    adopted_rows,
    branch_authors,
    changed_runs,
    derived_columns,
    repositories,
)
from store.write.upsert import upsert
from store.write.version_cache import CACHED, Known

APPLIED, DUPLICATE = table.APPLIED, "duplicate"
IGNORED, QUARANTINED = table.IGNORED, table.QUARANTINED

ORDER = (
    "workflowruns",  # first: it locks the runs, new ones too
    "repoaliases",
    "branches",
    "commits",
    "workflows",
    "runattempts",
    "jobs",
)

Values = dict[str, Any]
Tables = dict[str, list[Values]]

KNOWN: WeakKeyDictionary[Engine, Known] = WeakKeyDictionary()


def store(engine: Engine, delivery: Delivery, mapped: Mapped) -> str:
    """Store a delivery with its rows in one transaction, durable on return.

    Returns `applied`, or `duplicate` when its guid was applied before. Raises Unmappable for a
    text that no column holds, and SQLAlchemy's DBAPIError when the database fails.
    """
    known = KNOWN.setdefault(engine, Known())

    def work(connection: Connection) -> Tables | None:
        if table.state_of(connection, delivery) == APPLIED:
            return None
        written = apply(connection, [mapped], known)
        table.save(connection, delivery, APPLIED)
        return written

    written = transact(engine, work)
    if written is None:
        return DUPLICATE
    remember(known, written)
    return APPLIED


def quarantine(engine: Engine, delivery: Delivery, error: str) -> str:
    """Store a delivery that has no rows yet, with what stands in the way."""
    return keep(engine, delivery, QUARANTINED, error)


def ignore(engine: Engine, delivery: Delivery, why: str) -> str:
    """Note a delivery that is not for us: its guid and event, without its body."""
    return keep(engine, delivery, IGNORED, why)


def keep(engine: Engine, delivery: Delivery, state: str, why: str) -> str:
    """Store a delivery without rows; one that was applied before stays so."""

    def work(connection: Connection) -> str:
        if table.state_of(connection, delivery) == APPLIED:
            return DUPLICATE
        table.save(connection, delivery, state, why)
        return state

    return transact(engine, work)


def write(engine: Engine, batch: Sequence[Mapped]) -> None:
    """Store a batch that no delivery brought, such as a page of the API, in one transaction."""
    known = KNOWN.setdefault(engine, Known())
    remember(known, transact(engine, lambda connection: apply(connection, batch, known)))


def apply(connection: Connection, batch: Sequence[Mapped], known: Known) -> Tables:
    """Write the rows of a batch in the caller's transaction; return them by table.

    Give the result to `remember` after the commit, not before.
    """
    found = repositories.settle(connection, batch, known)
    tables: Tables = defaultdict(list)
    for mapped in batch:
        place = found[repositories.key_of(mapped)]
        for row in mapped.rows:
            values = repositories.placed(row, mapped.repository.values, place)
            if row.table not in CACHED or not known.is_stored(row.table, values):
                tables[row.table].append(values)
    resolve_names(connection, tables)
    touched = tables["workflowruns"]
    runs = derived_columns.lock_runs(connection, touched)
    tables["workflowruns"] = derived_columns.needed(touched, runs)
    stubs, tables["runattempts"] = parted(tables["runattempts"])
    unclaimed = adopted_repositories.is_needed(connection, known)
    for name in ORDER:
        if name in tables:
            if unclaimed:
                adopted_rows.rows(connection, name, tables[name])
            upsert(connection, name, distinct(tables[name]))
    derived_columns.update_runs(connection, touched, stubs, runs)
    branch_authors.assign(connection, tables["branches"], tables["commits"])
    changed_runs.mark(connection, ((one["provider"], one["gitid"]) for one in touched))
    tables["repos"] = [mapped.repository.values for mapped in batch]
    return tables


def parted(rows: Iterable[Values]) -> tuple[list[Values], list[Values]]:
    """Return the stubs among rows, and the others."""
    stubs, others = list[Values](), list[Values]()
    for values in rows:
        (others if values["version"] != STUB else stubs).append(values)
    return stubs, others


def remember(known: Known, written: Tables) -> None:
    """Note what a committed transaction stored."""
    for name, rows in written.items():
        known.remember(name, rows)


def distinct(rows: Iterable[Values]) -> list[Values]:
    """Return the rows, each stub once: every job of a page brings the same one of its run."""
    stubs, others = dict[tuple[Any, ...], Values](), list[Values]()
    for values in rows:
        if values.get("version"):
            others.append(values)
        else:
            stubs[tuple(values.items())] = values
    return [*stubs.values(), *others]


def resolve_names(connection: Connection, tables: Tables) -> None:
    """Replace workflow names that a payload does not give by the stored ones."""
    nameless = [
        values
        for values in tables["workflowruns"]
        if isinstance(values.get("workflowname"), StoredName)
    ]
    if not nameless:
        return
    wanted = {values["workflowname"].workflowgitid for values in nameless}
    query = select(workflows.c.provider, workflows.c.gitid, workflows.c.name)
    names = {
        (provider, gitid): name
        for provider, gitid, name in connection.execute(query.where(workflows.c.gitid.in_(wanted)))
    }
    for values in nameless:
        gitid, otherwise = values["workflowname"]
        values["workflowname"] = names.get((values["provider"], gitid)) or otherwise


def is_known(engine: Engine, provider: str, gitid: int) -> bool:
    """Tell whether a repository is stored: it is or was watched, whatever its name is today."""
    with reading(engine).connect() as connection:
        return repositories.has_repository(connection, provider, gitid)
