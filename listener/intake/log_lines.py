"""What the log says of a delivery."""

import asyncio
import logging
import threading
from collections import Counter
from time import perf_counter
from weakref import WeakKeyDictionary

from listener.intake.answers import Answer
from listener.vendors.head import Head
from runtime import log
from store.deliveries.table import Delivery
from store.doors.decide import Decision

SECONDS = 60.0
"""For which the refused requests of strangers are counted."""


class UnsignedRequests:
    """Refused requests that nobody signed: anybody may send any number of them.

    The first of each reason in a minute has a line of its own, the others one line in all.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts = Counter[str]()

    def note(self, reason: str) -> bool:
        """Count one; tell whether it is to have a line of its own."""
        with self.lock:
            if not self.counts:
                timer = threading.Timer(SECONDS, self.sum_up)
                timer.daemon = True
                timer.start()
            self.counts[reason] += 1
            return self.counts[reason] == 1

    def sum_up(self) -> None:
        """Log how many more there were since the first, by reason, and begin anew."""
        with self.lock:
            counts, self.counts = self.counts - Counter(dict.fromkeys(self.counts, 1)), Counter()
        if counts:
            reasons = "; ".join(f"{reason}: {number}" for reason, number in counts.most_common())
            log.warning("more were refused unsigned", count=counts.total(), reasons=reasons)


UNSIGNED = UnsignedRequests()
"""Of this process."""


class DeliveryLine:
    """The line that says what came of a delivery; its fields are learned on the way."""

    def __init__(self) -> None:
        self.began = perf_counter()
        self.fields: log.Fields = {}
        self.misfit: str | None = None
        self.is_signed = False

    def about(self, head: Head) -> Head:
        """Learn what the headers say; return them."""
        self.fields |= {"event": head.event, "guid": head.guid}
        self.misfit = head.vendor.misfit if head.signature else None
        return head

    def learn(self, delivery: Delivery, signer: int | None) -> None:
        """Learn what a verified delivery says, and which secret signed it where that matters."""
        self.fields |= {"event": delivery.event, "guid": delivery.guid}
        self.fields |= {"action": delivery.action, "repo": delivery.repo, "secret": signer}

    def write(self, answer: Answer, record: log.Write = log.record) -> None:
        """Log what the sender is answered, one of many strangers only as a number."""
        if not self.is_signed and not UNSIGNED.note(f"{answer.code} {answer.why}"):
            return
        level = logging.ERROR if answer.code >= 500 else logging.WARNING
        if answer.code == 200 or answer.status == "spooled":  # why is said once, not for each
            level = logging.INFO
        milliseconds = round((perf_counter() - self.began) * 1000, 1)
        fields = {**self.fields, "code": answer.code, "why": answer.why, "ms": milliseconds}
        fields["hint"] = self.misfit if answer.code == 401 else None
        record(level, answer.status, fields)


WAITING = WeakKeyDictionary[asyncio.AbstractEventLoop, list[tuple[DeliveryLine, Answer]]]()
"""Lines that are written when a loop has sent the answers that are there."""


def write_soon(line: DeliveryLine, answer: Answer) -> None:
    """Write a line in the loop's next turn, with those of all who are answered in this one."""
    loop = asyncio.get_running_loop()
    waiting = WAITING.setdefault(loop, [])
    if not waiting:
        loop.call_soon(write_waiting, waiting)
    waiting.append((line, answer))


def write_waiting(waiting: list[tuple[DeliveryLine, Answer]]) -> None:
    """Write lines; one that breaks takes no other with it."""
    lines, waiting[:] = waiting[:], []
    with log.together() as record:
        for line, answer in lines:
            try:
                line.write(answer, record)
            except Exception as error:  # noqa: BLE001 - said; the others are to be written
                log.crash("a line of the log broke", error, code=answer.code)


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
