"""The webhooks themselves: set up and looked at by a process of its own, as healing is.

What asks GitHub is in `backfill`; settings reach it in its environment, never in its arguments.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

from config import webhook_secret
from config.settings import Settings
from listener.background.reconciler import environment
from runtime.check_line import CheckLine

COMMAND = (sys.executable, "-P", "-m", "backfill.command.webhook")
CHECK_SECONDS = 60.0
NAME = "webhooks"


def register(given: Mapping[str, object], settings: Settings, url: str) -> int:
    """Make or repair the webhooks of `-r`, which deliver to `url`; return the exit code."""
    made = environment(given, settings.vendor)
    vendors = [one for one in settings.vendors if settings.sources[one].token and settings.repos]
    keys, _ = webhook_secret.load_all(settings) if vendors else ({}, {})
    for vendor in vendors:
        made[webhook_secret.secret_setting(vendor)] = keys[vendor][0].decode()
    command = (*COMMAND, "--register", url)
    # The command is our own.
    return subprocess.run(command, env=made, stdin=subprocess.DEVNULL).returncode  # noqa: S603


def lines(given: Mapping[str, object], settings: Settings, url: str | None) -> Iterator[CheckLine]:
    """Yield how its server sees key, clock and webhooks of `-r`; nothing without a key."""
    if not any(settings.sources[vendor].token for vendor in settings.vendors):
        return
    command = (*COMMAND, "--check", *(("--register", url) if url else ()))
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            env=environment(given, settings.vendor),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
        )
    except subprocess.TimeoutExpired:
        yield CheckLine(NAME, "", f"the server did not answer within {CHECK_SECONDS:.0f} seconds")
        return
    told = [json.loads(line) for line in done.stdout.splitlines()]
    if not told:
        complaints = done.stderr.strip().splitlines() or ["nothing was said of them"]
        yield CheckLine(NAME, "", complaints[-1])
    for line in told:
        yield CheckLine(**line)
