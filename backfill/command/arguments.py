"""What a command line asks for beyond the settings, checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from backfill.records import EVERYTHING, ReadRange
from config.settings import BadSetting
from config.times import moment, past
from store.deliveries.table import APPLIED, QUARANTINED, Wanted

REPLAY_ONLY = ("state", "since", "until", "guid", "event")
CRAWL_ONLY = ("max_runs", "last_time", "commits", "max_requests")
AUDIT_ONLY = ("json", "repair", "offline", "deep")
FOR_AUDIT = ("since", "max_requests")


def wish(given: Mapping[str, Any], now: datetime) -> ReadRange:
    """Return what is to be read from GitHub. Raises BadSetting."""
    return ReadRange(
        max_runs=checked(given, "max_runs", max_runs),
        last_time=checked(given, "last_time", lambda text: past(text, now)),
        commits=checked(given, "commits", commits),
        max_requests=checked(given, "max_requests", positive),
    )


def wanted(given: Mapping[str, Any], now: datetime) -> Wanted:
    """Return which stored deliveries to replay. Raises BadSetting."""
    return Wanted(
        states=checked(given, "state", states) or Wanted().states,
        since=checked(given, "since", lambda text: moment(text, now)),
        until=checked(given, "until", lambda text: moment(text, now)),
        guid=given.get("guid"),
        event=given.get("event"),
    )


def check_company(given: Mapping[str, Any]) -> None:
    """Raise BadSetting for a flag that would have no effect beside the others."""
    replays, audits = bool(given.get("replay")), bool(given.get("audit"))
    if audits:
        check_audit(given)
        return
    for name in AUDIT_ONLY:
        if given.get(name):
            raise BadSetting(f"--{name}", "is for --audit only")
    for name in CRAWL_ONLY if replays else REPLAY_ONLY:
        if given.get(name) is not None:
            why = "has no effect with --replay" if replays else "is for --replay only"
            raise BadSetting(f"--{name.replace('max_requests', 'max-requests')}", why)


def check_audit(given: Mapping[str, Any]) -> None:
    """Raise BadSetting for a flag that would have no effect beside --audit."""
    for name in ("replay", "forget", "dry_run", *CRAWL_ONLY, *REPLAY_ONLY):
        if given.get(name) and name not in FOR_AUDIT:
            raise BadSetting(f"--{name.replace('_', '-')}", "has no effect with --audit")


def checked(given: Mapping[str, Any], name: str, read: Callable[[str], Any]) -> Any:
    """Return a flag's value as `read` reads it, None where it was not given."""
    text = given.get(name)
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as error:
        flag = "--max-requests" if name == "max_requests" else f"--{name}"
        raise BadSetting(flag, str(error)) from error


def max_runs(text: str) -> int | None:
    """Return how many runs to read; -1 means all."""
    return None if text == "-1" else positive(text, "; -1 means all")


def commits(text: str) -> int:
    """Return how many commits of the default branch to read."""
    return EVERYTHING if text == "all" else positive(text, "; all means all")


def positive(text: str, more: str = "") -> int:
    """Return a whole number of at least 1."""
    if not re.fullmatch("[0-9]{1,12}", text) or int(text) < 1:
        raise ValueError(f"{text!r} is not a number of at least 1{more}")
    return int(text)


def states(text: str) -> tuple[str, ...]:
    """Return the states of deliveries to read again."""
    found = tuple(part.strip() for part in text.split(","))
    for state in found:
        if state not in (APPLIED, QUARANTINED):
            raise ValueError(f"{state!r} is not {APPLIED} or {QUARANTINED}")
    return found
