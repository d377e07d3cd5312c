"""What a command line asks for beyond the settings, checked."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from backfill.records import BOTH, EVERYTHING, EXACT, QUICK, ReadRange
from config.settings import BadSetting, Settings
from config.times import read_past_time, read_time
from engines import reading
from store import open
from store.deliveries.table import APPLIED, QUARANTINED, DeliveryFilter
from store.reads import repository_names

REPLAY_ONLY = ("state", "since", "until", "guid", "event")
CRAWL_ONLY = ("max_runs", "last_time", "commits", "max_requests", "quick", "exact")
AUDIT_ONLY = ("json", "repair", "offline", "deep")
INSTEAD = {
    "audit": ("since", "max_requests", *AUDIT_ONLY),
    "reasons": ("since", "max_requests"),
    "explain": ("json",),
    "copy_to": ("hold",),
    "forget": ("dry_run",),
}
"""What is done instead of reading history, and the flags that have an effect beside it."""
WITH_UNDERSCORE = ("max_runs", "last_time")
OF_THE_STORE = {
    "copy_to": "the whole store is copied",
    "forget": "it names the repository itself",
}
"""What looks at no `-r`, and why; neither makes nor upgrades a schema."""


def parse_read_range(given: Mapping[str, Any], now: datetime) -> ReadRange:
    """Return what is to be read from the vendor. Raises BadSetting."""
    return ReadRange(
        max_runs=parse_flag(given, "max_runs", parse_max_runs),
        last_time=parse_flag(given, "last_time", lambda text: read_past_time(text, now)),
        commits=parse_flag(given, "commits", parse_commits),
        max_requests=parse_flag(given, "max_requests", parse_count),
        by=QUICK if given.get("quick") else EXACT if given.get("exact") else BOTH,
    )


def parse_delivery_filter(given: Mapping[str, Any], now: datetime) -> DeliveryFilter:
    """Return which stored deliveries to replay. Raises BadSetting."""
    wanted = DeliveryFilter(
        states=parse_flag(given, "state", parse_states) or DeliveryFilter().states,
        since=parse_flag(given, "since", lambda text: read_time(text, now)),
        until=parse_flag(given, "until", lambda text: read_time(text, now)),
        guid=given.get("guid"),
        event=given.get("event"),
    )
    if wanted.since is not None and wanted.until is not None and wanted.until <= wanted.since:
        raise BadSetting("--until", "is not later than --since")
    return wanted


def list_parts(settings: Settings, engine: Engine | None) -> tuple[Settings, ...]:
    """Return the settings for each vendor that is meant: of several without `-r`, of those stored.

    Raises CannotStart.
    """
    parts = settings.parts()
    if settings.repos or len(parts) == 1 or engine is None or open.age(engine) == "empty":
        return parts if settings.repos else parts[:1]
    with reading(engine).connect() as connection:
        has_any = [repository_names.list_full_names(connection, part.vendor) for part in parts]
    return tuple(part for part, names in zip(parts, has_any, strict=True) if names) or parts[:1]


def choose_patterns(settings: Settings, engine: Engine | None) -> tuple[str, ...]:
    """Return the repositories of `-r`, or all that are stored; `engine` None: no database yet.

    Raises BadSetting where there is none, CannotStart.
    """
    if settings.repos:
        return settings.repos
    names = list[str]()
    if engine is not None and open.age(engine) != "empty":
        with reading(engine).connect() as connection:
            names = repository_names.list_full_names(connection, settings.vendor)
    if not names:
        raise BadSetting("-r", "name a repository: -r org/repo (none is stored yet)")
    return tuple(names)


def check_exclusive_flags(given: Mapping[str, Any]) -> None:
    """Raise BadSetting for a flag that would have no effect beside the others."""
    for mode, effective in INSTEAD.items():
        if given.get(mode):
            check_flags_beside(given, mode, effective)
            for name, flag in (("repos", "-r"), ("install", "-i")):
                if mode in OF_THE_STORE and given.get(name):
                    why = f": {OF_THE_STORE[mode]}" if flag == "-r" else ""
                    raise BadSetting(flag, f"has no effect with {flag_of(mode)}{why}")
            return
    if given.get("quick") and given.get("exact"):
        raise BadSetting("--quick", "has no effect with --exact")
    if given.get("hold"):
        raise BadSetting("--hold", "is for --copy-to only")
    replays = bool(given.get("replay"))
    for name in AUDIT_ONLY:
        if given.get(name):
            raise BadSetting(flag_of(name), tell_modes(name))
    for name in CRAWL_ONLY if replays else REPLAY_ONLY:
        if given.get(name) is not None:
            why = "has no effect with --replay" if replays else tell_modes(name)
            raise BadSetting(flag_of(name), why)


def tell_modes(name: str) -> str:
    """Return beside which flags one has an effect, where it has none."""
    modes = ["replay"] if name in REPLAY_ONLY else []
    modes += [mode for mode, effective in INSTEAD.items() if name in effective]
    *first, last = map(flag_of, modes)
    more = "; a backfill takes --last_time" if name == "since" else ""
    return f"is for {', '.join(first)}{' and ' if first else ''}{last} only{more}"


def check_flags_beside(given: Mapping[str, Any], mode: str, effective: Sequence[str]) -> None:
    """Raise BadSetting for a flag that would have no effect beside one of INSTEAD."""
    modes = (*INSTEAD, "replay", "forget", "dry_run", "hold")
    others = (*modes, *CRAWL_ONLY, *REPLAY_ONLY, *AUDIT_ONLY)
    for name in others:
        if given.get(name) not in (None, False) and name not in (mode, *effective):
            raise BadSetting(flag_of(name), f"has no effect with {flag_of(mode)}")


def parse_flag(given: Mapping[str, Any], name: str, parse: Callable[[str], Any]) -> Any:
    """Return a flag's value as `parse` reads it, None where it was not given."""
    text = given.get(name)
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise BadSetting(flag_of(name), str(error)) from error


def flag_of(name: str) -> str:
    """Return a flag as it is typed: two that are older than the others keep their underscore."""
    return f"--{name if name in WITH_UNDERSCORE else name.replace('_', '-')}"


def parse_max_runs(text: str) -> int | None:
    """Return how many runs to read; -1 means all."""
    return None if text == "-1" else parse_count(text, "; -1 means all")


def parse_commits(text: str) -> int:
    """Return how many commits of the default branch to read."""
    return EVERYTHING if text == "all" else parse_count(text, "; all means all")


def parse_count(text: str, more: str = "") -> int:
    """Return a whole number of at least 1."""
    if not re.fullmatch("[0-9]{1,12}", text) or int(text) < 1:
        raise ValueError(f"{text!r} is not a number of at least 1{more}")
    return int(text)


def parse_states(text: str) -> tuple[str, ...]:
    """Return the states of deliveries to read again."""
    states = tuple(part.strip() for part in text.split(","))
    for state in states:
        if state not in (APPLIED, QUARANTINED):
            raise ValueError(f"{state!r} is not {APPLIED} or {QUARANTINED}")
    return states
