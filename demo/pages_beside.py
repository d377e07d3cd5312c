"""The pages as a process beside this one: it ends with it, and is started again when it dies.

Their standard input is a pipe from this process, which closes however it ends. In another pipe
nobody writes: its end says that none of their processes is left. Their exit status is not asked
for, which gunicorn takes from whoever runs it beside its workers.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from runtime import log

TOP = Path(__file__).resolve().parent.parent
CALM_SECONDS = 10.0
"""What ended sooner could not start, and has said why."""
PAUSE = 3.0
"""Seconds until they are started again: Ctrl-C ends them, and then this process."""


class PagesBeside:
    """`environment` may lack what only the pages have: their password."""

    def __init__(self, environment: Mapping[str, str], *flags: str) -> None:
        own = {name: text for name, text in os.environ.items() if name.startswith("DASHBOARD_")}
        self.environment = {**environment, **own}
        self.command = [sys.executable, str(TOP / "dashboard.py"), "--beside", *flags]
        self.stopped = threading.Event()
        self.process, life = self.start()
        self.thread = threading.Thread(target=self.watch, args=(life,), name="pages", daemon=True)
        self.thread.start()

    def start(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start the pages, which say themselves where they are; return them and their pipe."""
        life, held = os.pipe()
        try:
            return subprocess.Popen(  # noqa: S603 - our own door
                self.command, stdin=subprocess.PIPE, env=self.environment, pass_fds=(held,)
            ), life
        finally:
            os.close(held)

    def watch(self, life: int) -> None:
        """Start them again when they die, until this process ends."""
        while True:
            began = time.monotonic()
            while os.read(life, 1024):
                pass
            os.close(life)
            ran = time.monotonic() - began
            if self.stopped.wait(PAUSE):
                return
            if ran < CALM_SECONDS:
                log.warning("the pages ended as they began: the listener goes on without them")
                return
            log.warning("the pages ended: they are started again")
            try:
                process, life = self.start()
            except OSError as error:  # no process, memory or file is left
                log.warning("the pages cannot be started again", error=error.strerror)
                return
            self.process.wait()
            self.process = process
            if self.stopped.is_set():
                self.end()

    def stop(self) -> None:
        """Let the pages end, and wait for it."""
        self.stopped.set()
        self.end()

    def end(self) -> None:
        """Close their pipe, and wait until they have ended."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
