"""Decide what becomes of a delivery, whichever way it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines import faults
from rows import Unmappable
from rows.source_record import SeenRepository
from rows.sources import source_of
from store import apply
from store.deliveries.table import Delivery
from store.doors.webhook import Fate

Payload = dict[str, Any]


def fate(
    delivery: Delivery,
    payload: Payload,
    seen: SeenRepository | None,
    is_ours: Callable[[SeenRepository], bool],
    broke: Callable[[Exception], None],
) -> Fate:
    """Return the rows of a delivery, or why there are none: ignored, quarantined.

    `seen` is the payload's repository. `broke` is told of a mistake of ours. Raises what `is_ours`
    raises.
    """
    try:
        source = source_of(delivery.provider)
    except Unmappable as error:
        return Fate(delivery, apply.QUARANTINED, str(error))
    if delivery.event not in source.events:
        return Fate(delivery, apply.IGNORED, f"no table is filled from {delivery.event} events")
    if seen and not is_ours(seen):
        return Fate(delivery, apply.IGNORED, f"{seen.name} is not watched", is_foreign=True)
    try:
        return Fate(delivery, apply.APPLIED, mapped=source.rows_for(delivery.event, payload))
    except Unmappable as error:
        return Fate(delivery, apply.QUARANTINED, str(error))
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not lose a delivery
        broke(error)
        return Fate(delivery, apply.QUARANTINED, faults.cause(error))


def repository(provider: str, payload: Payload) -> SeenRepository | None:
    """Return the repository a payload is about, None where it has none that can be read."""
    try:
        return source_of(provider).repository_of(payload)
    except Exception:  # noqa: BLE001 - `rows_for` reads it again, and there it is answered
        return None


def label(value: object) -> str | None:
    """Return a short text as it is; anything else is not what it claims to be."""
    return value if isinstance(value, str) and len(value) <= 255 else None
