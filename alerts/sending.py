"""Note what turned, and send what is due: a pass of the one process that holds the lease."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Engine

from alerts import http_post, mail
from alerts.outcome import AGAIN, SENT, UNSURE, Outcome
from alerts.payloads import PAYLOADS
from alerts.turn_text import Message, Place, write_message
from config.alert_settings import MAIL, AlertSettings
from engines import database_time
from runtime import log
from store.history.missed_turns import note_missed
from store.history.red_turns import note_turns
from store.history.shared_causes import StillRed, list_still_red, list_told, note_still_red
from store.history.turn_facts import describe
from store.rollups.spans import RollupPlan
from store.state import alerts
from store.state.alerts import RED, Claimed

TRIES = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
OLDEST = timedelta(hours=24)
"""After it a message is no news; longer than any night is quiet."""


TOLD = timedelta(hours=24)
"""So long an error that was told is not told again of other branches, while the first is red."""


class Sender(NamedTuple):
    """What messages are sent by: the store, who is told, what is written, what nights are."""

    engine: Engine
    settings: AlertSettings
    place: Place
    plan: RollupPlan | None = None


def note_nights(sender: Sender) -> None:
    """Note the nightlies that did not run, to be told. Raises DBAPIError."""
    if sender.plan is not None:
        missed = note_missed(sender.engine, sender.plan, sender.settings.targets)
        if missed:
            log.info("nightlies did not run", number=missed)


def run_pass(sender: Sender) -> int:
    """Note turns and send what is due; return how many messages went out. Raises DBAPIError."""
    red, green = note_turns(sender.engine, sender.settings.targets)
    if red or green:
        log.info("default branches turned", red=red, green=green)
    now = read_time(sender.engine)
    if lost := alerts.give_up_lost(sender.engine, now):
        log.warning("messages were perhaps sent, and are not sent again", number=lost)
    quiet = sender.settings.quiet
    if quiet is not None and quiet.has(sender.place.calendar.local(now).time()):
        return 0
    return sum(send_due(sender, target, now) for target in sender.settings.targets)


def read_time(engine: Engine) -> datetime:
    """Return the database's clock: all processes read the same."""
    with engine.connect() as connection:
        return database_time(connection)


def send_due(sender: Sender, target: str, now: datetime) -> int:
    """Send what is due for one target as one message; return 1 if it arrived. Raises DBAPIError."""
    holder = secrets.token_hex(16)
    claimed = alerts.claim(sender.engine, target, holder, now)
    if not claimed:
        return 0
    with sender.engine.connect() as connection:
        turns = describe(connection, claimed)
        told = list_told(connection, target, now - TOLD)
        still = list_still_red(connection, target, turns)
    known = {turn.alertid for turn in turns if turn.turn == RED and turn.fingerprint in told}
    same = [one for one in claimed if one.Id in known]
    if same:
        alerts.finish(sender.engine, same, alerts.SETTLED, now, alerts.SAME)
    turns = note_still_red([turn for turn in turns if turn.alertid not in known], still)
    claimed = [one for one in claimed if one.Id not in known]
    if not turns:
        alerts.finish(sender.engine, claimed, alerts.SETTLED, now, "its runs are stored no more")
        return 0
    outcome = send(sender.settings, target, write_message(turns, sender.place), claimed)
    settle(sender.engine, target, claimed, outcome)
    settle_still_red(sender.engine, still, outcome)
    return int(outcome.kind == SENT)


def send(
    settings: AlertSettings, target: str, message: Message, claimed: Sequence[Claimed] = ()
) -> Outcome:
    """Send a message to a target, once."""
    if target != MAIL:
        return http_post.post(settings.addresses[target], PAYLOADS[target](message))
    server, sender = settings.server, settings.mail_from
    assert server is not None and sender is not None  # noqa: S101, PT018 - the settings saw to it
    key = "-".join(["runledger", *(str(one.Id) for one in claimed[:5]), secrets.token_hex(8)])
    envelope = mail.Envelope(sender, settings.mail_to, datetime.now(UTC), key)
    return mail.send(server, mail.write_mail(message, envelope))


def settle_still_red(engine: Engine, still: Sequence[StillRed], outcome: Outcome) -> None:
    """Note that it was told of branches which are red still: their turn to green is told, too."""
    numbers = [one.alertid for one in still if one.alertid is not None]
    if numbers and outcome.kind in (SENT, UNSURE):
        state = alerts.SENT if outcome.kind == SENT else alerts.UNSURE
        alerts.take_as_told(engine, numbers, state, read_time(engine))


def settle(engine: Engine, target: str, claimed: Sequence[Claimed], outcome: Outcome) -> None:
    """Note what became of messages, and say it where they did not arrive."""
    now = read_time(engine)
    if outcome.kind == SENT:
        alerts.finish(engine, claimed, alerts.SENT, now)
        log.info("told of default branches", target=target, number=len(claimed))
        return
    tries = max(one.tries for one in claimed)
    is_old = min(one.duetime for one in claimed) < now - OLDEST
    if outcome.kind == AGAIN and tries < TRIES and not is_old:
        pause = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
        if outcome.after is not None:
            pause = max(pause, timedelta(seconds=outcome.after))
        alerts.finish(engine, claimed, alerts.WAITING, now, outcome.why, now + pause)
        log.warning("not told yet", target=target, why=outcome.why, again_in=pause.total_seconds())
        return
    state = alerts.UNSURE if outcome.kind == UNSURE else alerts.FAILED
    alerts.finish(engine, claimed, state, now, outcome.why)
    said = "perhaps told" if state == alerts.UNSURE else "not told"
    log.warning(f"{said}, and not sent again", target=target, why=outcome.why)
