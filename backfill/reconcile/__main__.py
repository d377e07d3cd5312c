"""`python -m backfill.reconcile.__main__`: keep the store whole, for as long as it runs.

The listener starts it beside its web workers when there is a token. One process of all replicas
works at a time, by a lease in the database; the others wait to take over.
"""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from types import FrameType
from typing import Any

from backfill.reconcile.loop import reconcile
from backfill.reconcile.reporter import CycleReporter
from config.command_line import CommandLine, read_settings
from config.settings import BadSetting, Settings, key_setting, secrets_of
from runtime import log
from runtime.parent_pipe import end_with_parent
from store.open import CannotStart

GRACE_SECONDS = 5.0
"""After which a process that was told to end does, whatever it waits for."""

EPILOG = """\
The settings are those of listener.py: GITHUB_TOKEN, GITHUB_API_URL, REPOS, DATABASE_URL,
DATABASE_PASSWORD, DELIVERY_RETENTION_DAYS, and RECONCILE_SHARE, the part of GitHub's rate limit
in percent that all use of the key together may reach before this waits for the next hour.

exit codes: 0 stopped, or with --once everything was compared; 1 something was not; 2 a person
must change something first
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Reconcile until a signal, or once; return the exit code."""
    try:
        given = command_line().read(argv)
        settings = checked(given)
        vendors = [part.vendor for part in settings.parts()]
        log.start(secrets_of(settings))
        stop = threading.Event()
        if given["beside"]:
            end_with_parent(partial(end_soon, stop))
        if not given["once"]:
            end_on_signal(stop)
        return reconcile_each(vendors, given, stop)
    except (BadSetting, CannotStart) as error:
        print(f"reconcile: {error}", file=sys.stderr)
        return error.code if isinstance(error, CannotStart) else 2
    except KeyboardInterrupt:
        return 0


def reconcile_each(vendors: Sequence[str], given: dict[str, Any], stop: threading.Event) -> int:
    """Reconcile what is named of each vendor: side by side, with --once one after the other."""
    once = given["once"]
    work = [
        partial(reconcile, partial(part_of, given, vendor), CycleReporter(), stop, once=once)
        for vendor in vendors
    ]
    if once:
        return max(each() for each in work)
    for each in work[1:]:
        threading.Thread(target=each, name="reconcile", daemon=True).start()
    return work[0]()


def part_of(given: dict[str, Any], vendor: str) -> Settings:
    """Return the settings as they are now for one vendor alone. Raises BadSetting."""
    parts = {part.vendor: part for part in checked(given).parts()}
    if vendor not in parts:
        raise BadSetting("REPOS", "names other vendors than before: start again")
    return parts[vendor]


def command_line() -> CommandLine:
    """Return the parser of the flags."""
    parser = CommandLine(
        prog="python -m backfill.reconcile.__main__",
        description="Compare the store with GitHub time and again, and fetch what differs.",
        epilog=EPILOG,
    )
    parser.add_repos("compare this repository, or all of ORG or ORG/* [REPOS]")
    parser.add_key("GitHub token [GITHUB_TOKEN]")
    parser.add_password()
    parser.add_argument("--once", action="store_true", help="one cycle, then end")
    parser.add_argument(
        "--beside", action="store_true", help="end when standard input does: with the listener"
    )
    return parser


def checked(given: dict[str, Any]) -> Settings:
    """Return the settings as they are now: a file may hold a newer key. Raises BadSetting."""
    flags = {name: given[name] for name in ("repos", "key", "database_password")}
    settings = read_settings(flags)
    for part in settings.parts():
        if not part.source.token:
            key = key_setting(part.vendor)
            raise BadSetting(key, f"a key is needed: -k, {key} or {key}_FILE")
    log.hide(secrets_of(settings))
    return settings


def end_on_signal(stop: threading.Event) -> None:
    """End when a terminal or a container says so."""

    def end(number: int, frame: FrameType | None) -> None:
        end_soon(stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def end_soon(stop: threading.Event) -> None:
    """Let the work end by itself, and see to it that it does."""
    stop.set()
    timer = threading.Timer(GRACE_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    raise SystemExit(main())
