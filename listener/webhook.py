"""The whole path of a delivery, from its first header to the answer.

    head       411 413 415 400   listener/vendors/github.py       no byte of the body is read before
    signature  401               listener/vendors/  over the raw bytes, before any parsing
    payload    400               listener/body.py       strict JSON, or the form that holds it
    decision   200 202           store/doors/decide.py       its rows, or why there are none
    store      200 202 503       listener/intake/intake.py       in the database, else in the spool

2xx means stored: each of these answers follows a commit (a ping has nothing to store). Where
neither takes it the answer is 503, so that GitHub shows the delivery as failed.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from time import perf_counter

from listener import body
from listener.asgi import Receive, Scope, fields, read
from listener.intake.answers import Answer, Refused
from listener.intake.intake import Desk, is_quick, settle
from listener.intake.threads import aside
from listener.vendors import github, github_signature
from listener.vendors.github import Head
from runtime import log
from store.deliveries.table import Delivery, now
from store.doors.decide import Received, label, read_repository

PATH = "/webhook"
LONG = asyncio.Semaphore(8)
"""Long bodies that are in memory at once: a payload takes several times its length."""


async def receive(desk: Desk, scope: Scope, incoming: Receive) -> Answer:
    """Answer one delivery, and write its line in the log."""
    began, told = perf_counter(), log.Fields()
    try:
        envelope = github.read(fields(scope))
        told |= {"event": envelope.event, "guid": envelope.guid}
        async with nullcontext() if is_quick(envelope.length) else LONG:
            settled = await settled_as(desk, envelope, incoming, told)
    except Refused as refused:
        settled = refused.answer
    log.delivery(settled, told, perf_counter() - began)
    return settled


async def settled_as(desk: Desk, envelope: Head, incoming: Receive, told: log.Fields) -> Answer:
    """Read a delivery's body and store it. Raises Refused: 400, 401."""
    raw = await read(incoming, envelope.length)
    if is_quick(envelope.length):
        received, signer = take(desk, envelope, raw)
    else:
        received, signer = await aside(take, desk, envelope, raw)
    told |= {"action": received.delivery.action, "repo": received.delivery.repo}
    # A secret whose number is seen no more can be dropped.
    told["secret"] = signer if len(desk.secrets) > 1 else None
    return await settle(desk, received)


def take(desk: Desk, envelope: Head, raw: bytes) -> tuple[Received, int]:
    """Return a delivery, and the number of the secret that signed it. Raises Refused: 401, 400."""
    signer = github_signature.signer(desk.secrets, raw, envelope.signature)
    if signer is None:
        raise Refused(401, "X-Hub-Signature-256 is missing or wrong")
    payload = body.payload(raw)
    seen = read_repository("github", payload)
    provider, repo = (label(seen.provider), label(seen.name)) if seen else (None, None)
    delivery = Delivery(
        provider=provider or "github",
        guid=envelope.guid,
        hookid=envelope.hookid,
        event=envelope.event,
        action=label(payload.get("action")),
        repo=repo,
        receivetime=now(),
        body=raw,
    )
    return Received(delivery, payload, seen), signer
