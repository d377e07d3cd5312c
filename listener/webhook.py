"""The whole path of a delivery, from its first header to the answer.

    head       431 411 413 415 400   listener/vendors/         no byte of the body is read before
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
from listener.vendors.head import Head, Refused
from rows import Unmappable
from store.deliveries.body import read_payload
from store.deliveries.table import Delivery, now
from store.doors.decide import Received, label, read_repository

PATH = "/webhook"

Headers = Sequence[tuple[str, str]]


async def receive(
    intake: Intake, headers: Headers, read: Callable[[int], Awaitable[bytes]]
) -> Answer:
    """Answer one delivery, and log it; `read` returns a body of a length, or raises Refused."""
    line = DeliveryLine()
    try:
        head = line.about(read_head(headers))
        async with nullcontext() if is_quick(head.length) else LONG:
            body = await read(head.length)
            if is_quick(head.length):
                received = verify(intake, head, body, line)
            else:
                received = await off_loop(verify, intake, head, body, line)
            answer = await settle(intake, received)
    except Refused as refused:
        answer = answers.refused(refused.code, refused.error)
    line.write(answer)
    return answer


def receive_waiting(intake: Intake, headers: Headers, read: Callable[[int], bytes]) -> Answer:
    """Do what `receive` does, in a thread that may wait."""
    line = DeliveryLine()
    try:
        head = line.about(read_head(headers))
        with nullcontext() if is_quick(head.length) else LONG_WAITING:
            received = verify(intake, head, read(head.length), line)
            answer = settle_waiting(intake, received)
    except Refused as refused:
        answer = answers.refused(refused.code, refused.error)
    line.write(answer)
    return answer


def verify(intake: Intake, head: Head, body: bytes, line: DeliveryLine) -> Received:
    """Return a delivery that somebody signed who knows a secret. Raises Refused: 401, 400."""
    vendor = head.vendor
    signer = vendor.signer(intake.secrets, body, head.signature)
    if signer is None:
        raise Refused(401, vendor.unsigned)
    try:
        payload = read_payload(body)
    except Unmappable as error:
        raise Refused(400, str(error)) from error
    repository = read_repository(vendor.provider, payload)
    delivery = Delivery(
        provider=(repository and label(repository.provider)) or vendor.provider,
        guid=head.guid,
        hookid=head.hookid,
        event=head.event,
        action=label(payload.get("action")),
        repo=label(repository.name) if repository else None,
        receivetime=now(),
        body=body,
    )
    # A secret whose number is seen no more can be dropped.
    line.learn(delivery, signer if len(intake.secrets) > 1 else None)
    return Received(delivery, payload, repository)
