"""A listener with a mistake: it answers before it commits. The torture must find what it loses."""

import asyncio
import sys

from listener import webhook
from listener.cli import main
from listener.intake import answers, intake
from store.doors.decide import Received

UNDER_WAY: set[asyncio.Task[None]] = set()


async def settle(at: intake.Intake, received: Received) -> answers.Answer:
    """Answer at once, and store a little later."""
    UNDER_WAY.add(asyncio.create_task(store(at, received)))
    return answers.stored("applied")


async def store(at: intake.Intake, received: Received) -> None:
    """Store what was answered, unless somebody pulls the plug first."""
    await asyncio.sleep(0.05)
    await intake.settle(at, received)


if __name__ == "__main__":
    vars(webhook)["settle"] = settle
    raise SystemExit(main(sys.argv[1:]))
