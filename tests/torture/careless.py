"""A listener with a mistake: it answers before it commits. The torture must find what it loses."""

from __future__ import annotations

import sys
import threading
import time

from listener import answer, desk, webhook
from listener.cli import main


def settle(*arguments: object) -> answer.Answer:
    """Answer at once, and store a little later."""
    threading.Thread(target=store, args=arguments).start()
    return answer.stored("applied")


def store(*arguments: object) -> None:
    """Store what was answered, unless somebody pulls the plug first."""
    time.sleep(0.05)
    desk.settle(*arguments)


if __name__ == "__main__":
    vars(webhook)["settle"] = settle
    raise SystemExit(main(sys.argv[1:]))
