"""What the log says of a delivery."""

import logging
from time import perf_counter

from listener.intake.answers import Answer
from listener.vendors.head import Head
from runtime import log
from store.deliveries.table import Delivery
from store.doors.decide import Decision


class DeliveryLine:
    """The line that says what came of a delivery; its fields are learned on the way."""

    def __init__(self) -> None:
        self.began = perf_counter()
        self.fields: log.Fields = {}
        self.misfit: str | None = None

    def about(self, head: Head) -> Head:
        """Learn what the headers say; return them."""
        self.fields |= {"event": head.event, "guid": head.guid}
        self.misfit = head.vendor.misfit if head.signature else None
        return head

    def learn(self, delivery: Delivery, signer: int | None) -> None:
        """Learn what a verified delivery says, and which secret signed it where that matters."""
        self.fields |= {"action": delivery.action, "repo": delivery.repo, "secret": signer}

    def write(self, answer: Answer) -> None:
        """Log what the sender is answered."""
        level = logging.ERROR if answer.code >= 500 else logging.WARNING
        if answer.code == 200 or answer.status == "spooled":  # why is said once, not for each
            level = logging.INFO
        milliseconds = round((perf_counter() - self.began) * 1000, 1)
        fields = {**self.fields, "code": answer.code, "why": answer.why, "ms": milliseconds}
        fields["hint"] = self.misfit if answer.code == 401 else None
        log.record(level, answer.status, fields)


def log_decision(decision: Decision) -> None:
    """Log an event that nobody has heard of, a field that cannot be read, a mapping that broke."""
    delivery = decision.delivery
    if decision.mapped is not None and decision.reason is not None:
        why = decision.reason
        log.warning("not all can be read", event=delivery.event, guid=delivery.guid, why=why)
    if decision.is_unheard:
        log.warning("an event nobody has heard of", event=delivery.event, guid=delivery.guid)
    if decision.bug is not None:
        log.crash("a mapping broke", decision.bug, event=delivery.event, guid=delivery.guid)


def log_bug(error: Exception, delivery: Delivery) -> None:
    """Log that rows broke where they were written."""
    log.crash("rows broke", error, event=delivery.event, guid=delivery.guid)
