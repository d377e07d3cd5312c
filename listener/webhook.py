"""The whole path of a delivery, from its first header to the answer.

    head       411 413 415 400   listener/head.py       no byte of the body is read before
    signature  401               listener/signature.py  over the raw bytes, before any parsing
    payload    400               listener/body.py       strict JSON, or the form that holds it
    fate       200 202           listener/fate.py       its rows, or why there are none
    store      200 202 503       listener/desk.py       in the database, else in the spool

2xx means stored: each of these answers follows a commit (a ping has nothing to store). Where
neither takes it the answer is 503, so that GitHub shows the delivery as failed.

This is plain WSGI in front of Flask, whose routing costs more than the first three together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import EnvironHeaders
from werkzeug.wsgi import get_input_stream

from listener import answer, body, head, log, signature
from listener.answer import Answer, Refused
from listener.desk import Desk, settle
from listener.head import Head
from rows.github.events import Seen
from store.deliveries import Delivery, now
from store.fate import Payload, label, repository

PATH = "/webhook"

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def before(rest: WSGIApplication, extensions: Mapping[str, Any]) -> WSGIApplication:
    """Return an app that receives deliveries at its `desk`, and leaves other requests to `rest`."""

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return rest(environ, start)
        told = receive(extensions["desk"], environ)
        start(told.line, answer.headers(told))
        return [told.text]

    return app


def receive(desk: Desk, environ: WSGIEnvironment) -> Answer:
    """Answer one delivery, and write its line in the log."""
    began, told = perf_counter(), log.Fields()
    try:
        envelope = head.read(EnvironHeaders(environ))
        told |= {"event": envelope.event, "guid": envelope.guid}
        raw, signer = signed_body(desk, envelope, environ)
        payload = body.payload(raw)
        seen = repository(payload)
        delivery = delivery_of(envelope, payload, seen, raw)
        told |= {"action": delivery.action, "repo": delivery.repo, "secret": signer}
        settled = settle(desk, delivery, payload)
    except Refused as refused:
        settled = refused.answer
    except Exception as error:  # noqa: BLE001 - answered as what it is: nothing was stored
        log.crash("a request broke", error, path=PATH)
        return answer.UNAVAILABLE
    log.delivery(settled, told, perf_counter() - began)
    return settled


def signed_body(desk: Desk, envelope: Head, environ: WSGIEnvironment) -> tuple[bytes, int | None]:
    """Return the body and, while two secrets are in use, the number of the one that signed it.

    A secret whose number is seen no more can be dropped. Raises Refused: 400, 401.
    """
    raw = get_input_stream(environ).read(envelope.length)
    if len(raw) < envelope.length:
        raise Refused(400, "the body is shorter than its Content-Length")
    signer = signature.signer(desk.secrets, raw, envelope.signature)
    if signer is None:
        raise Refused(401, "X-Hub-Signature-256 is missing or wrong")
    return raw, signer if len(desk.secrets) > 1 else None


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
