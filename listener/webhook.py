"""The whole path of a delivery, from its first header to the answer.

    head       431 4xx 501           listener/vendors/         no byte of the body is read before
    body       400 413               the server's door         whole, in memory
    signature  401                   listener/vendors/         over the raw bytes, before parsing
    payload    400                   store/deliveries/body     strict JSON, or a form that holds it
    decision   200 202               store/doors/decide        its rows, or why there are none
    store      200 202 503           listener/intake/          in the database, else in the spool

2xx means stored: each of these answers follows a commit (a ping has nothing to store). Where
neither takes it the answer is 503, so that the sender shows the delivery as failed.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext

from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.intake import Intake, is_quick, settle, settle_waiting
from listener.intake.log_lines import DeliveryLine
from listener.intake.threads import LONG, LONG_WAITING, off_loop
from listener.vendors import read_head
from listener.vendors.head import Head, Refused, refuse
from rows import Unmappable
from store.deliveries.body import read_payload
from store.deliveries.table import Delivery, now
from store.doors.decide import Received, label, read_repository

PATH = "/webhook"

Headers = Sequence[tuple[str, str]]
ReadBody = Callable[[int | None], bytes]


async def receive(
    intake: Intake, headers: Headers, read: Callable[[int | None], Awaitable[bytes]]
) -> Answer:
    """Answer one delivery, and log it; `read` returns a body of a length, None: in chunks."""
    line = DeliveryLine()
    try:
        head = line.about(read_head(headers))
        body = await read(head.length)
        if is_quick(len(body)):
            signer = verify(intake, head, body, line)
            answer = await settle(intake, unpack(intake, head, body, signer, line))
        else:
            signer = await off_loop(verify, intake, head, body, line)
            async with LONG:  # no place of which is a stranger's
                received = await off_loop(unpack, intake, head, body, signer, line)
                answer = await settle(intake, received)
    except Refused as refused:
        answer = answers.refused(refused.code, refused.error)
    line.write(answer)
    return answer


def receive_waiting(intake: Intake, headers: Headers, read: ReadBody) -> Answer:
    """Do what `receive` does, in a thread that may wait."""
    line = DeliveryLine()
    try:
        head = line.about(read_head(headers))
        body = read(head.length)
        signer = verify(intake, head, body, line)
        with nullcontext() if is_quick(len(body)) else LONG_WAITING:
            answer = settle_waiting(intake, unpack(intake, head, body, signer, line))
    except Refused as refused:
        answer = answers.refused(refused.code, refused.error)
    line.write(answer)
    return answer


def verify(intake: Intake, head: Head, body: bytes, line: DeliveryLine) -> int:
    """Return which of the secrets (from 1) signed a body. Raises Refused (401) for none."""
    secrets = intake.secrets.get(head.vendor.provider, ())
    if (signer := head.vendor.signer(secrets, body, head.signature)) is None:
        raise Refused(401, head.vendor.unsigned)
    line.is_signed = True
    return signer


def unpack(intake: Intake, head: Head, body: bytes, signer: int, line: DeliveryLine) -> Received:
    """Return what a signed body says. Raises Refused: 400, or 415."""
    try:
        payload = read_payload(body)
        kept = head.vendor.kept(payload, body)
    except Unmappable as error:
        raise refuse(body, str(error)) from error
    provider = intake.servers.get(head.vendor.provider, head.vendor.provider)
    repository = read_repository(provider, payload)
    delivery = Delivery(
        provider=(repository and label(repository.provider)) or provider,
        **head.vendor.name_delivery(head, payload, body)._asdict(),
        repo=label(repository.name) if repository else None,
        receivetime=now(),
        body=kept,
    )
    # A secret whose number is seen no more can be dropped.
    line.learn(delivery, signer if len(intake.secrets[head.vendor.provider]) > 1 else None)
    return Received(delivery, payload, repository)
