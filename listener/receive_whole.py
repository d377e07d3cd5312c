"""The path of a delivery that came whole: that of listener/webhook.py but for the waiting."""

from collections.abc import Callable

from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.intake import Intake, settle_soon
from listener.intake.log_lines import DeliveryLine, write_soon
from listener.vendors import read_head
from listener.vendors.head import Refused
from listener.webhook import Headers, unpack, verify


def receive_whole(
    intake: Intake, headers: Headers, body: bytes, tell: Callable[[Answer], None]
) -> None:
    """Do what `receive` does with a quick body that came with its head, in a loop."""
    line = DeliveryLine()

    def write(answer: Answer) -> None:
        try:
            tell(answer)
        finally:  # who sends need not wait for that, nor who is answered next
            write_soon(line, answer)

    try:
        head = line.about(read_head(headers))
        received = unpack(intake, head, body, verify(intake, head, body, line), line)
    except Refused as refused:
        write(answers.refused(refused.code, refused.error))
    else:
        settle_soon(intake, received, write)
