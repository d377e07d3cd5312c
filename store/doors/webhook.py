"""Store many deliveries in one transaction: what came at once, and what waited in the spool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, bindparam, select

from engines.transaction import transact
from rows import Mapped
from schema.tables.ci import deliveries as table
from store import apply
from store.deliveries import table as deliveries
from store.deliveries.table import APPLIED, QUARANTINED, Delivery
from store.write.version_cache import Known


class Fate(NamedTuple):
    """What becomes of a delivery: its rows, or why there are none.

    `is_foreign` when it is of a repository that is not watched.
    """

    delivery: Delivery
    state: str
    why: str | None = None
    mapped: Mapped | None = None
    is_foreign: bool = False


Key = tuple[str, str]
"""What names a delivery: provider and guid."""
Refusal = Callable[[Exception, Delivery], str | None]
"""Tells why a delivery's rows are refused; None where the database is at fault."""


class Outcome(NamedTuple):
    """What became of a delivery: its state, or `duplicate`; and why it is quarantined."""

    state: str
    why: str | None = None


def nothing() -> None:
    """Do nothing."""


def store_each(
    engine: Engine, batch: Sequence[Fate], refusal: Refusal, written: Callable[[], None] = nothing
) -> dict[Key, Outcome]:
    """Store deliveries whose guids differ, durable on return; return what became of each.

    It takes one transaction, unless rows are refused: then it is halved down to the delivery that
    is at fault, which is quarantined. `written` is told when only the commit is missing. Raises
    what `refusal` does not explain; some may be stored by then.
    """
    try:
        return store_all(engine, batch, written)
    except Exception as error:
        if (why := refusal(error, batch[0].delivery)) is None:
            raise
    if len(batch) == 1:
        return store_all(engine, [Fate(batch[0].delivery, QUARANTINED, why)])
    half = len(batch) // 2
    first = store_each(engine, batch[:half], refusal)
    return first | store_each(engine, batch[half:], refusal)


def store_all(
    engine: Engine, batch: Sequence[Fate], written: Callable[[], None] = nothing
) -> dict[Key, Outcome]:
    """Store deliveries with their rows, all or none; durable on return.

    Those whose guid was applied before are left as they are. Raises Unmappable for a text that no
    column holds, and SQLAlchemyError when the database fails.
    """
    known = apply.KNOWN.setdefault(engine, Known())

    def work(connection: Connection) -> tuple[list[Fate], apply.Tables]:
        found = new(connection, batch)
        if not found:
            return [], {}
        mapped = [fate.mapped for fate in found if fate.mapped is not None]
        tables = apply.apply(connection, mapped, known) if mapped else {}
        deliveries.save_all(connection, [(one.delivery, one.state, one.why) for one in found])
        written()
        return found, tables

    found, tables = transact(engine, work)
    apply.remember(known, tables)
    stored = {key_of(fate): Outcome(fate.state, fate.why) for fate in found}
    return {key_of(fate): stored.get(key_of(fate), Outcome(apply.DUPLICATE)) for fate in batch}


def key_of(fate: Fate) -> Key:
    """Return what names a fate's delivery."""
    return fate.delivery.provider, fate.delivery.guid


def new(connection: Connection, batch: Sequence[Fate]) -> list[Fate]:
    """Return the fates of deliveries that were not applied yet, in the order of their guids."""
    guids: dict[str, list[str]] = defaultdict(list)
    for provider, guid in map(key_of, batch):
        guids[provider].append(guid)
    applied = {
        (provider, guid)
        for provider, those in guids.items()
        for guid in connection.scalars(applied_of(), {"of": provider, "guids": those})
    }
    return [one for one in sorted(batch, key=key_of) if key_of(one) not in applied]


@lru_cache
def applied_of() -> Select[Any]:
    """Return the query for the guids, of some, that were applied."""
    return select(table.c.guid).where(
        table.c.provider == bindparam("of"),
        table.c.guid.in_(bindparam("guids", expanding=True)),
        table.c.state == APPLIED,
    )
