"""End with the process that began this one: standard input is a pipe whose other end it holds."""

import os
import threading
from collections.abc import Callable


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end`, in a thread, once standard input is closed, however the parent ended."""

    def watch() -> None:
        # Not by way of sys.stdin: its lock would be held when the interpreter ends.
        while os.read(0, 1024):
            pass
        end()

    threading.Thread(target=watch, name="parent", daemon=True).start()
