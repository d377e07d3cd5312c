"""Store many deliveries in one transaction: what waited in the spool, written back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from rows import Mapped
from schema.tables import deliveries as table
from store import apply, deliveries
from store.deliveries import APPLIED, Delivery
from store.known import Known
from store.stored import by_key
from store.transaction import transact


class Fate(NamedTuple):
    """What becomes of a delivery: its rows, or why there are none.

    `is_foreign` when it is of a repository that is not watched.
    """

    delivery: Delivery
    state: str
    why: str | None = None
    mapped: Mapped | None = None
    is_foreign: bool = False


def store_all(engine: Engine, batch: Sequence[Fate]) -> None:
    """Store deliveries with their rows, all or none; durable on return.

    Those whose guid was applied before are left as they are. Raises Unmappable for a text that no
    column holds, and SQLAlchemyError when the database fails.
    """
    known = apply.KNOWN.setdefault(engine, Known())

    def work(connection: Connection) -> apply.Tables:
        found = new(connection, batch)
        if not found:
            return {}
        mapped = [fate.mapped for fate in found if fate.mapped is not None]
        written = apply.apply(connection, mapped, known) if mapped else {}
        deliveries.save_all(connection, [(one.delivery, one.state, one.why) for one in found])
        return written

    apply.remember(known, transact(engine, work))


def new(connection: Connection, batch: Sequence[Fate]) -> list[Fate]:
    """Return the fates of deliveries that were not applied yet, in the order of their guids."""
    by_guid = {(fate.delivery.provider, fate.delivery.guid): fate for fate in batch}
    stored = by_key(connection, table, by_guid, without=("body", "error", "action", "repo"))
    applied = {key for key, values in stored.items() if values["state"] == APPLIED}
    found = sorted(batch, key=lambda fate: (fate.delivery.provider, fate.delivery.guid))
    return [one for one in found if (one.delivery.provider, one.delivery.guid) not in applied]
