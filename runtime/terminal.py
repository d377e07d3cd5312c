"""End with the terminal, also where whoever leads its session keeps the hang-up to itself.

A terminal that is closed sends SIGHUP to the leader of its session, and to nobody else. A shell
passes it on; make, which leads where it is all that was asked for (`ssh -t host make run`), waits.
"""

import os
import signal
import threading
import time

SECONDS = 2.0


def is_in_front() -> bool | None:
    """Tell whether this process has its terminal's keyboard; None without a terminal."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return None
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return None
    finally:
        os.close(terminal)


def end_with_terminal() -> None:
    """Send this process SIGHUP once its terminal is gone; what was sent to the back lives on."""
    in_front = is_in_front()
    if in_front is not None:
        threading.Thread(target=watch, args=(in_front,), name="terminal", daemon=True).start()


def watch(was_in_front: bool) -> None:
    """Look at the terminal until it is gone, also where it is gone before the first look."""
    while (now := is_in_front()) is not None:
        was_in_front = now
        time.sleep(SECONDS)
    if was_in_front:
        os.kill(os.getpid(), signal.SIGHUP)
