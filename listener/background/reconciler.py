"""The reconciler beside the web workers: a process of its own, that nothing of ours waits for.

It is started by the process that has the lock, started again when it dies, and ends with it: its
standard input is a pipe whose other end closes however that process ends.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from config import alert_settings
from config.settings import SETTINGS, USUAL, Settings, key_setting, texts_of
from runtime import log

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-P", "-m", "backfill.reconcile.__main__", "--beside")
FEEDS = (sys.executable, str(ROOT / "run_feeds.py"), "--daemon", "--beside")
"""What loads feeds when they are due, beside the listener as the reconciler is."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
CALM_SECONDS = 60.0
"""One that ran for longer is started again at once."""
NOT_ITS_OWN = (
    *("WEBHOOK_SECRET", "GITLAB_WEBHOOK_SECRET", "DASHBOARD_PASSWORD"),
    *alert_settings.ADDRESSES,
)


def environment(given: Mapping[str, object], vendor: str = USUAL) -> dict[str, str]:
    """Return the environment in which a process has the settings of this one.

    `given` are the flags by their names, a key is the vendor's: no other process reads them here,
    as it could on a command line.
    """
    flags = {name: text for name, text in texts_of(given, vendor).items() if name in SETTINGS}
    left_out = {*NOT_ITS_OWN, *(f"{name}_FILE" for name in (*flags, *NOT_ITS_OWN))}
    kept = {name: text for name, text in os.environ.items() if name not in left_out}
    paths = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    return {**kept, **flags, "PYTHONPATH": paths}


def is_wanted(settings: Settings) -> bool:
    """Tell whether a reconciler is to run beside us, and say so when it is not."""
    tokens = [settings.sources[vendor].token for vendor in settings.vendors]
    if settings.reconcile and any(tokens):
        return True
    named = " or ".join(map(key_setting, settings.vendors))
    why = "RECONCILE=off" if any(tokens) else f"no {named}"
    log.info("healing is off", why=why)
    return False


def work(
    made: Mapping[str, str], command: Sequence[str] = COMMAND, name: str = "the reconciler"
) -> None:
    """Keep a reconciler running until this process ends, or another command."""
    pause = FIRST_PAUSE
    while True:
        began = time.monotonic()
        try:
            code = run(made, command, name)
        except OSError as error:
            code = f"not started: {error.strerror}"
        if time.monotonic() - began >= CALM_SECONDS:
            pause = FIRST_PAUSE
        log.warning(f"{name} ended", code=code, again_in=pause)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def run(
    made: Mapping[str, str], command: Sequence[str] = COMMAND, name: str = "the reconciler"
) -> int | str:
    """Run a reconciler, or another command, to its end; return its exit status. Raises OSError."""
    # The command is our own.
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=dict(made)) as process:  # noqa: S603
        log.info(f"{name} started", pid=process.pid)
        # Not `communicate`: it would close the pipe.
        return process.wait()
