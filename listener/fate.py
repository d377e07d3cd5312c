"""Decide what becomes of a delivery, at its reception and when it comes out of the spool."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from listener import log
from listener.watch import Watch, is_watched
from rows import Unmappable
from rows.github.events import EVENTS, IGNORED, Seen, repository_of, rows_for
from store import apply, faults
from store.batch import Fate
from store.deliveries import Delivery

Payload = dict[str, Any]


def fate(engine: Engine, watch: Watch, delivery: Delivery, payload: Payload) -> Fate:
    """Return the rows of a delivery, or why there are none: ignored, quarantined.

    Raises SQLAlchemyError where only the database could tell whether it is for us.
    """
    if delivery.event not in EVENTS:
        if delivery.event not in IGNORED:
            log.warning("an event nobody has heard of", event=delivery.event, guid=delivery.guid)
        return Fate(delivery, apply.IGNORED, f"no table is filled from {delivery.event} events")
    seen = repository(payload)
    if seen and not is_ours(engine, watch, seen):
        return Fate(delivery, apply.IGNORED, f"{seen.name} is not watched", is_foreign=True)
    try:
        return Fate(delivery, apply.APPLIED, mapped=rows_for(delivery.event, payload))
    except Unmappable as error:
        return Fate(delivery, apply.QUARANTINED, str(error))
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not lose a delivery
        log.crash("a mapping broke", error, event=delivery.event, guid=delivery.guid)
        return Fate(delivery, apply.QUARANTINED, faults.cause(error))


def repository(payload: Payload) -> Seen | None:
    """Return the repository a payload is about, None where it has none that can be read."""
    try:
        return repository_of(payload)
    except Exception:  # noqa: BLE001 - `rows_for` reads it again, and there it is answered
        return None


def is_ours(engine: Engine, watch: Watch, seen: Seen) -> bool:
    """Tell whether a repository is watched: by a name it has or had, or because it has rows."""
    by_name = is_watched(watch, (seen.name, *seen.former))
    return by_name or apply.is_known(engine, seen.provider, seen.gitid)


def refusal(error: Exception, delivery: Delivery) -> str | None:
    """Return why a delivery's rows are refused; None where the database is at fault."""
    if isinstance(error, Unmappable):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return faults.cause(error) if faults.is_data(error) else None
    log.crash("rows broke", error, event=delivery.event, guid=delivery.guid)
    return faults.cause(error)
