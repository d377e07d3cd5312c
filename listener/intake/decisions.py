"""Log what a person should hear of when deliveries are decided about and stored."""

from __future__ import annotations

from runtime import log
from store.deliveries.table import Delivery
from store.doors.decide import Decision


def log_decision(decision: Decision) -> None:
    """Log an event that nobody has heard of, and a mapping that broke."""
    delivery = decision.delivery
    if decision.is_unheard:
        log.warning("an event nobody has heard of", event=delivery.event, guid=delivery.guid)
    if decision.bug is not None:
        log.crash("a mapping broke", decision.bug, event=delivery.event, guid=delivery.guid)


def log_bug(error: Exception, delivery: Delivery) -> None:
    """Log that rows broke where they were written."""
    log.crash("rows broke", error, event=delivery.event, guid=delivery.guid)
