"""The closing words: what is new, and how far back it goes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from backfill.command.audit import USUAL
from backfill.records import BEGINNING, ReadRange, Repository
from backfill.vendors import vendor_of
from config.times import read_past_time
from engines import reading
from rows.counted import counted
from store.doors.api import Counts
from store.doors.outcomes import CHANGED, NEW, UNCHANGED
from store.state import backfill_progress
from store.state.backfill_progress import DUE, OPEN, SEEDED

TABLES = ("repos", "branches", "commits", "workflows", "workflowruns", "runattempts", "jobs")


def format_counts(counts: Counts) -> str:
    """Return how many rows of each table were new, changed and unchanged."""
    head = f"{'rows':<14}{NEW:>10}{CHANGED:>10}{UNCHANGED:>11}"
    lines = [
        f"{name:<14}{counts[name, NEW]:>10}{counts[name, CHANGED]:>10}{counts[name, UNCHANGED]:>11}"
        for name in TABLES
    ]
    return "\n".join([head, *lines])


def describe_next(patterns: Sequence[str], since: datetime | None = None, *, is_whole: bool) -> str:
    """Return what to do after a backfill that asked for no runs before a time."""
    repos = f'-r "{",".join(patterns)}" ' if patterns else ""
    if not is_whole:
        return "Next: mend what is named above and give the same command; it goes on where it was."
    reach = f" --since {since:%Y-%m-%dT%H:%M:%SZ}" if since else ""
    return (
        "Next: python3 dashboard.py shows it on http://127.0.0.1:5001,"
        f" python3 local-database.py {repos}--audit{reach} proves that it is whole."
    )


def find_cut(
    engine: Engine, repository: Repository, read_range: ReadRange, now: datetime
) -> datetime | None:
    """Return since when all runs are read, where the range left some out that an audit asks for."""
    if read_range.max_runs is None and read_range.last_time is None:
        return None
    with reading(engine).connect() as connection:
        oldest = backfill_progress.oldest_run(connection, repository.repoid)
        windows = backfill_progress.windows_of(connection, repository.repoid)
    is_all = bool(windows) and windows[-1].first == BEGINNING
    is_all = is_all and not any(window.state == OPEN for window in windows)
    if oldest is None or is_all or oldest < read_past_time(USUAL, now):
        return None
    return oldest.replace(microsecond=0) + timedelta(seconds=1)  # others may be of its second


def describe_reach(engine: Engine, repository: Repository, read_range: ReadRange) -> str:
    """Return how far back a repository is stored and what is left to be read of it, in words.

    Empty where no run of it was listed.
    """
    with reading(engine).connect() as connection:
        windows = backfill_progress.windows_of(connection, repository.repoid)
        oldest = backfill_progress.oldest_run(connection, repository.repoid)
        due = len(backfill_progress.runs_in(connection, repository.repoid, DUE))
        seeded = len(backfill_progress.runs_in(connection, repository.repoid, SEEDED))
        going = len(backfill_progress.runs_in(connection, repository.repoid, OPEN))
    if oldest is None:
        return ""
    parts = [f"{repository.name}: oldest run reached {oldest:%Y-%m-%d %H:%M:%S} UTC"]
    unlisted = [window for window in windows if window.state == OPEN]
    if windows and not unlisted and windows[-1].first == BEGINNING:
        parts.append(f"{vendor_of(repository.provider).TITLE} lists none before it")
    elif read_range.last_time and all(window.last < read_range.last_time for window in unlisted):
        parts.append("older ones were not asked for")
    elif read_range.max_runs:
        parts.append(f"only the newest {read_range.max_runs} were asked for")
    if going:
        parts.append(counted(going, "run has not ended yet", "runs have not ended yet"))
    if seeded:
        known = counted(seeded, "run is known", "runs are known")
        parts.append(f"{known} without the waits, labels and runners of their jobs")
    if due:
        parts.append(counted(due, "run is listed, but not read", "runs are listed, but not read"))
    return "; ".join(parts)
