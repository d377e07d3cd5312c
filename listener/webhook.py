"""The whole path of a delivery, from its first header to the answer.

    head       411 413 415 400   listener/head.py       no byte of the body is read before
    signature  401               listener/signature.py  over the raw bytes, before any parsing
    payload    400               listener/body.py       strict JSON, or the form that holds it
    fate       200 202           `settle`               stored with its rows, kept raw, or noted

2xx means stored: each of these answers follows a commit (a ping has nothing to store). What the
database cannot take in now is answered 503, so that GitHub shows the delivery as failed.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

from flask import Blueprint, Response, current_app, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from listener import answer, body, head, log, signature
from listener.answer import Answer, Refused
from listener.head import Head
from listener.watch import Watch, is_watched
from rows import Unmappable
from rows.github.events import EVENTS, IGNORED, Seen, repository_of, rows_for
from store import apply, faults
from store.deliveries import Delivery, now

webhook = Blueprint("webhook", __name__)

Payload = dict[str, Any]


class Desk(NamedTuple):
    """What deliveries are received with: the store, the secrets, the watched repositories."""

    engine: Engine
    secrets: tuple[bytes, ...]
    watch: Watch


@webhook.post("/webhook")
def receive() -> Response:
    """Answer one delivery, and write its line in the log."""
    desk: Desk = current_app.extensions["desk"]
    began, told = perf_counter(), log.Fields()
    try:
        envelope = head.read(request.headers)
        told |= {"event": envelope.event, "guid": envelope.guid}
        raw, signer = signed_body(desk, envelope)
        payload = body.payload(raw)
        seen = repository(payload)
        delivery = delivery_of(envelope, payload, seen, raw)
        told |= {"action": delivery.action, "repo": delivery.repo, "secret": signer}
        settled = settle(desk, delivery, seen, payload)
    except Refused as refused:
        settled = refused.answer
    except SQLAlchemyError as error:
        settled = answer.UNAVAILABLE
        told["cause"] = faults.cause(error)
    log.delivery(settled, told, perf_counter() - began)
    return answer.response(settled)


def signed_body(desk: Desk, envelope: Head) -> tuple[bytes, int | None]:
    """Return the body and, while two secrets are in use, the number of the one that signed it.

    A secret whose number is seen no more can be dropped. Raises Refused: 400, 401.
    """
    raw = request.get_data(cache=False)
    if len(raw) < envelope.length:
        raise Refused(400, "the body is shorter than its Content-Length")
    signer = signature.signer(desk.secrets, raw, envelope.signature)
    if signer is None:
        raise Refused(401, "X-Hub-Signature-256 is missing or wrong")
    return raw, signer if len(desk.secrets) > 1 else None


def repository(payload: Payload) -> Seen | None:
    """Return the repository a payload is about, None where it has none that can be read."""
    try:
        return repository_of(payload)
    except Exception:  # noqa: BLE001 - `rows_for` reads it again, and there it is answered
        return None


def delivery_of(envelope: Head, payload: Payload, seen: Seen | None, raw: bytes) -> Delivery:
    """Return what is kept of a delivery, whatever becomes of it."""
    provider, repo = (label(seen.provider), label(seen.name)) if seen else (None, None)
    return Delivery(
        provider=provider or "github",
        guid=envelope.guid,
        hookid=envelope.hookid,
        event=envelope.event,
        action=label(payload.get("action")),
        repo=repo,
        receivetime=now(),
        body=raw,
    )


def label(value: object) -> str | None:
    """Return a short text as it is; anything else is not what it claims to be."""
    return value if isinstance(value, str) and len(value) <= 255 else None


def settle(desk: Desk, delivery: Delivery, seen: Seen | None, payload: Payload) -> Answer:
    """Decide a delivery's fate, and commit it. Raises SQLAlchemyError when the database is down."""
    if delivery.event == "ping":
        return answer.PONG
    if delivery.event not in EVENTS:
        if delivery.event not in IGNORED:
            log.warning("an event nobody has heard of", event=delivery.event, guid=delivery.guid)
        return note(desk, delivery, f"no table is filled from {delivery.event} events")
    try:
        if seen and not is_ours(desk, seen):
            return note(desk, delivery, f"{seen.name} is not watched", desk.watch.patterns)
        return answer.stored(apply.store(desk.engine, delivery, rows_for(delivery.event, payload)))
    except Unmappable as error:
        fault = str(error)
    except SQLAlchemyError as error:
        if not faults.is_data(error):
            raise
        fault = faults.cause(error)
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not lose a delivery
        fault = faults.cause(error)
        log.crash("a mapping broke", error, event=delivery.event, guid=delivery.guid)
    outcome = apply.quarantine(desk.engine, delivery, fault)
    return answer.quarantined(fault) if outcome == apply.QUARANTINED else answer.stored(outcome)


def note(desk: Desk, delivery: Delivery, why: str, watched: tuple[str, ...] = ()) -> Answer:
    """Keep the guid and event of a delivery that fills no table."""
    outcome = apply.ignore(desk.engine, delivery, why)
    return answer.ignored(why, watched) if outcome == apply.IGNORED else answer.stored(outcome)


def is_ours(desk: Desk, seen: Seen) -> bool:
    """Tell whether a repository is watched: by a name it has or had, or because it has rows."""
    by_name = is_watched(desk.watch, (seen.name, *seen.former))
    return by_name or apply.is_known(desk.engine, seen.provider, seen.gitid)
