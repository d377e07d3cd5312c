"""What one process of the listener does beside answering: telling older rows of a rename."""

from __future__ import annotations

import fcntl
import threading
import time
from typing import IO

from sqlalchemy import Engine

from listener import log
from store import faults, names

BETWEEN_BATCHES = 0.05  # seconds in which deliveries get the write lock
IDLE_SECONDS = 5.0
FAILED_SECONDS = 30.0


def start(engine: Engine, turn: IO[bytes]) -> None:
    """Start the thread that rewrites; `turn` is a file opened before the processes were forked.

    Every process starts one, and the file's lock lets one of them work. The kernel hands the
    lock on when its holder ends, however it ends.
    """
    threading.Thread(target=work, args=(engine, turn), name="background", daemon=True).start()


def work(engine: Engine, turn: IO[bytes]) -> None:
    """Wait for the turn, then rewrite batches until the process ends."""
    fcntl.lockf(turn, fcntl.LOCK_EX)
    failing = False
    while True:
        pause, failing = step(engine, failing)
        time.sleep(pause)


def step(engine: Engine, failing: bool) -> tuple[float, bool]:
    """Rewrite one batch; return the seconds until the next, and whether this one failed.

    A failure is said once, when it begins: reception goes on without us.
    """
    try:
        rewritten = names.rewrite(engine)
    except Exception as error:  # noqa: BLE001 - the thread must outlive whatever is wrong today
        if not failing:
            log.warning("older rows wait for a new name", cause=faults.cause(error))
        return FAILED_SECONDS, True
    return (BETWEEN_BATCHES if rewritten else IDLE_SECONDS), False
