"""The commits of an engine: counted, and the first held up while others queue up behind it."""

import threading
import time

import sqlalchemy as sa

from listener.intake.intake import Intake


class Gate:
    """Holds up the first commit of an engine, and counts all."""

    def __init__(self, engine: sa.Engine) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.commits = 0
        sa.event.listen(engine, "commit", self.pass_through)

    def pass_through(self, _: sa.Connection) -> None:
        self.commits += 1
        self.reached.set()
        assert self.opened.wait(60)


def wait_for_queue(intake: Intake, length: int) -> None:
    """Return once so many deliveries wait for a batch."""
    ends = time.monotonic() + 60
    while intake.group_commit.queue.qsize() < length:
        assert time.monotonic() < ends, "they do not gather"
        time.sleep(0.01)
