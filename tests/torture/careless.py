"""A listener with a mistake: it answers before it commits. The torture must find what it loses."""

import asyncio
import sys
from collections.abc import Callable

from listener import receive_whole, webhook
from listener.cli import main
from listener.intake import answers, intake
from store.doors.decide import Received


def settle_soon(
    at: intake.Intake, received: Received, tell: Callable[[answers.Answer], None]
) -> None:
    """Answer at once, and store a little later, unless somebody pulls the plug first."""
    tell(answers.stored("applied"))
    loop = asyncio.get_running_loop()
    loop.call_later(0.05, intake.settle_soon, at, received, lambda _: None)


async def settle(at: intake.Intake, received: Received) -> answers.Answer:
    """Do the same to a delivery that came in pieces."""
    settle_soon(at, received, lambda _: None)
    return answers.stored("applied")


if __name__ == "__main__":
    vars(webhook)["settle"] = settle
    vars(receive_whole)["settle_soon"] = settle_soon
    raise SystemExit(main(sys.argv[1:]))
