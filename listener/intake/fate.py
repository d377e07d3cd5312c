"""Decide what becomes of a delivery, at its reception and when it comes out of the spool."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.watch import Watch, is_watched
from engines import faults
from rows import Unmappable
from rows.github.events import EVENTS, IGNORED, Seen
from runtime import log
from store import apply
from store.deliveries.table import Delivery
from store.doors import decide as fates
from store.doors.decide import Payload
from store.doors.webhook import Fate


def fate(
    engine: Engine, watch: Watch, delivery: Delivery, payload: Payload, seen: Seen | None
) -> Fate:
    """Return the rows of a delivery, or why there are none: ignored, quarantined.

    Raises SQLAlchemyError where only the database could tell whether it is for us.
    """
    if delivery.event not in EVENTS and delivery.event not in IGNORED:
        log.warning("an event nobody has heard of", event=delivery.event, guid=delivery.guid)

    def broke(error: Exception) -> None:
        log.crash("a mapping broke", error, event=delivery.event, guid=delivery.guid)

    return fates.fate(delivery, payload, seen, partial(is_ours, engine, watch), broke)


def must_ask(watch: Watch, seen: Seen | None) -> bool:
    """Tell whether only the database may know if a repository is watched."""
    return seen is not None and not is_watched(watch, (seen.name, *seen.former))


def is_ours(engine: Engine, watch: Watch, seen: Seen) -> bool:
    """Tell whether a repository is watched: by a name it has or had, or because it has rows."""
    return not must_ask(watch, seen) or apply.is_known(engine, seen.provider, seen.gitid)


def refusal(error: Exception, delivery: Delivery) -> str | None:
    """Return why a delivery's rows are refused; None where the database is at fault."""
    if isinstance(error, Unmappable):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return faults.cause(error) if faults.is_data(error) else None
    log.crash("rows broke", error, event=delivery.event, guid=delivery.guid)
    return faults.cause(error)
