"""Store deliveries that were taken from a hook's log, through the same door as the webhook's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from backfill.desk import Desk
from backfill.watched import is_watched
from rows import Unmappable
from rows.github.events import Seen
from store import apply, bodies, faults
from store.batch import Fate, store_each
from store.deliveries import Delivery
from store.fate import fate, repository


def keep(desk: Desk, patterns: Sequence[str], found: Sequence[Delivery]) -> None:
    """Store deliveries with their rows; what has none is ignored or quarantined, as ever.

    Raises SQLAlchemyError when the database fails.
    """
    if found:
        store_each(desk.engine, [fate_of(desk, patterns, one) for one in found], refusal)


def fate_of(desk: Desk, patterns: Sequence[str], delivery: Delivery) -> Fate:
    """Return what becomes of a delivery."""

    def is_ours(seen: Seen) -> bool:
        by_name = any(is_watched(patterns, name) for name in (seen.name, *seen.former))
        return by_name or apply.is_known(desk.engine, seen.provider, seen.gitid)

    def broke(error: Exception) -> None:
        desk.trouble(f"delivery {delivery.guid}: a mapping broke: {faults.cause(error)}")

    payload = bodies.payload(delivery.body)
    return fate(delivery, payload, repository(payload), is_ours, broke)


def refusal(error: Exception, _: Delivery) -> str | None:
    """Return why a delivery's rows are refused; None where the database is at fault."""
    if isinstance(error, SQLAlchemyError):
        return faults.cause(error) if faults.is_data(error) else None
    return str(error) if isinstance(error, Unmappable) else faults.cause(error)
