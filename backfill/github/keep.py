"""Store deliveries that were taken from a hook's log, through the same door as the webhook's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from backfill.github.context import Desk
from config.watched import is_watched
from engines import faults
from rows import Unmappable
from rows.github.events import Seen
from store import apply
from store.deliveries import bodies
from store.deliveries.table import Delivery
from store.doors.decide import fate, repository
from store.doors.webhook import Fate, store_each


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
    return fate(delivery, payload, repository(delivery.provider, payload), is_ours, broke)


def refusal(error: Exception, _: Delivery) -> str | None:
    """Return why a delivery's rows are refused; None where the database is at fault."""
    if isinstance(error, SQLAlchemyError):
        return faults.cause(error) if faults.is_data(error) else None
    return str(error) if isinstance(error, Unmappable) else faults.cause(error)
