"""Say that something became bad or good again, once for each change."""

from __future__ import annotations

import threading

from runtime import log


class Condition:
    """A thing that is well until `bad` says why it is not; threads may share it."""

    def __init__(self, bad: str, good: str) -> None:
        self.told = {True: bad, False: good}
        self.lock = threading.Lock()
        self.cause: str | None = None

    def bad(self, cause: str) -> None:
        """Note what is wrong, and log it unless it is what was wrong before."""
        with self.lock:
            changed, self.cause = cause != self.cause, cause
        if changed:
            log.warning(self.told[True], cause=cause)

    def good(self) -> None:
        """Note that all is well, and log it if it was not."""
        with self.lock:
            changed, self.cause = self.cause is not None, None
        if changed:
            log.info(self.told[False])
