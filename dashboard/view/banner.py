"""Pure: what the banner of every page says of the data, in one line."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from dashboard.view import formats
from store.reads.audits import Completeness, WarningCounts
from store.reads.health import Reception


class Banner(NamedTuple):
    """The line, and the shape and colour before it."""

    tone: str
    text: str


def choose_banner(
    received: Reception,
    whole: Completeness | None,
    warned: WarningCounts,
    now: datetime,
    local: Callable[[datetime | None], str],
) -> Banner:
    """Return the worst that is known; without anything wrong, until when the data are complete.

    Repositories that were never audited may lack anything: with one of them not all is complete.
    """
    if received.quarantined:
        return Banner("failed", f"{formats.number(received.quarantined)} quarantined")
    if warned.bad:
        return Banner("failed", formats.count(warned.bad, "thing") + " wrong")
    if whole is not None and whole.missing:
        return Banner(
            "failed", f"{formats.number(whole.missing)} missing, as of {local(whole.until)}"
        )
    if whole is not None:
        tone = "warned" if warned.warning else "nothing" if whole.never else "passed"
        rest = f", {formats.count(warned.warning, 'warning')}" if warned.warning else ""
        counts = f"{formats.number(whole.stored)} of {formats.count(whole.listed, 'run')}"
        begun = f"from {local(whole.since)} " if whole.since else ""
        text = f"omplete {begun}until {local(whole.until)}, {counts}{rest}"
        if whole.never:
            known = formats.number(whole.repos)
            of = formats.count(whole.repos + whole.never, "repository", "repositories")
            return Banner(tone, f"{known} of {of} checked: c{text}")
        return Banner(tone, f"C{text}")
    if warned.warning:
        return Banner("warned", formats.count(warned.warning, "warning"))
    if received.last is None:
        return Banner("nothing", "No webhook received yet")
    return Banner("nothing", f"Last delivery {formats.ago(received.last, now)}, never audited")
