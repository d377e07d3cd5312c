"""The lines of `--check` about who is told of red default branches, and a message to try it."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Engine

from alerts import sending
from alerts.outcome import SENT
from alerts.turn_text import Message
from config.settings import Settings
from runtime.check_line import CheckLine
from store.state import alerts

LATELY = timedelta(days=1)
NOBODY = "nobody is told of red default branches: no ALERT_..._URL and no ALERT_MAIL_TO is set"
TRIAL = Message("Runledger tries whether this message arrives", (), 0, ())


def alert_lines(engine: Engine, settings: Settings) -> Iterator[CheckLine]:
    """Yield who is told, and what was not told since yesterday."""
    targets = settings.alerts.targets
    if not targets:
        yield CheckLine("alerts", NOBODY)
        return
    nowhere = "; DASHBOARD_URL is not set: messages lead to the server of the run"
    yield CheckLine(
        "alerts", f"told are {', '.join(targets)}{'' if settings.dashboard_url else nowhere}"
    )
    since = sending.read_time(engine) - LATELY
    with engine.connect() as connection:
        counts = alerts.count_states(connection, since)
    for count in counts:
        if count.state in (alerts.UNSURE, alerts.FAILED):
            said = "were perhaps sent" if count.state == alerts.UNSURE else "were not sent"
            told = f"{count.number} to {count.target} {said}, the last at {count.newest:%H:%M} UTC"
            yield CheckLine("alerts", f"{told}: see the log", warning=True)


def try_alerts(settings: Settings) -> Iterator[CheckLine]:
    """Send a message to each who is told, and yield whether it arrived."""
    if not settings.alerts.targets:
        yield CheckLine("alerts", "", NOBODY)
    for target in settings.alerts.targets:
        outcome = sending.send(settings.alerts, target, TRIAL)
        arrived = outcome.kind == SENT
        yield CheckLine(target, "it arrived", "" if arrived else f"not told: {outcome.why}")
