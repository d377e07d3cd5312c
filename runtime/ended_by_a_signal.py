"""End as by Ctrl-C when the process is told to: what it started, and its files, end with it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ended_by_a_signal(interrupt: Callable[[], object] | None = None) -> Iterator[None]:
    """Have SIGTERM raise KeyboardInterrupt during the block, which the main thread enters.

    `interrupt` is called by another thread when SIGTERM or SIGINT comes: while the main one works
    in C and looks at no signal.
    """

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        if interrupt is None:
            yield
        else:
            with watched(interrupt):
                yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def watched(interrupt: Callable[[], object]) -> Iterator[None]:
    """Call `interrupt` whenever a signal to end comes during the block."""
    ours, signals = os.pipe()
    os.set_blocking(signals, False)
    before = signal.set_wakeup_fd(signals, warn_on_full_buffer=False)

    def watch() -> None:
        while came := os.read(ours, 1):
            if came[0] in (signal.SIGINT, signal.SIGTERM):
                interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(signals)
        watcher.join()
        os.close(ours)
