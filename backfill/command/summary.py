"""The closing words: what is new, what it cost, how far back it goes."""

from __future__ import annotations

from backfill.pipeline.context import Context
from backfill.records import BEGINNING, ReadRange, Repository
from engines import reading
from store.doors.api import CHANGED, NEW, UNCHANGED, Counts
from store.state import backfill_progress
from store.state.backfill_progress import DUE, OPEN

TABLES = ("repos", "branches", "commits", "workflows", "workflowruns", "runattempts", "jobs")


def table(counts: Counts) -> str:
    """Return how many rows of each table were new, changed and unchanged."""
    head = f"{'rows':<14}{NEW:>10}{CHANGED:>10}{UNCHANGED:>11}"
    lines = [
        f"{name:<14}{counts[name, NEW]:>10}{counts[name, CHANGED]:>10}{counts[name, UNCHANGED]:>11}"
        for name in TABLES
    ]
    return "\n".join([head, *lines])


def close(context: Context, repository: Repository, wish: ReadRange) -> None:
    """Say how far back a repository is stored, and what is left to be read of it."""
    with reading(context.engine).connect() as connection:
        windows = backfill_progress.windows_of(connection, repository.repoid)
        oldest = backfill_progress.oldest_run(connection, repository.repoid)
        due = len(backfill_progress.runs_in(connection, repository.repoid, DUE))
        going = len(backfill_progress.runs_in(connection, repository.repoid, OPEN))
    if oldest is None:
        return
    told = [f"{repository.name}: oldest run reached {oldest:%Y-%m-%d %H:%M:%S} UTC"]
    open_ones = [window for window in windows if window.state == OPEN]
    if windows and not open_ones and windows[-1].first == BEGINNING:
        told.append("GitHub lists none before it")
    elif wish.last_time and all(window.last < wish.last_time for window in open_ones):
        told.append("older ones were not asked for")
    elif wish.max_runs:
        told.append(f"only the newest {wish.max_runs} were asked for")
    if going:
        told.append(f"{going} runs have not ended yet")
    if due:
        told.append(f"{due} runs are listed, but not read")
    context.reporter.say("; ".join(told))
