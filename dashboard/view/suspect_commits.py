"""What came between the last good run and the first bad one, for each workflow that failed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from dashboard.view import formats
from rows.sources import source_of
from rows.words import FAILED, WorkflowKey
from store.changes import job_changes
from store.reads import nights
from store.reads import runs as reads
from store.reads.runs import Commit, Run

COMMITS = 25
MOST = 5  # workflows of a night that are looked into


class Suspects(NamedTuple):
    """The last good and first bad run around a failure, and the commits between them.

    `is_by_time` where their ancestry is not known: the commits are told by their authors' times.
    """

    good: Run | None
    bad: Run
    commits: list[Commit]
    more: bool
    compare: str | None
    behind: int = 0
    tags: tuple[str, ...] = ()
    is_by_time: bool = False


def list_suspects(
    connection: Connection, runs: Sequence[Run], broken: Collection[WorkflowKey]
) -> list[Suspects]:
    """Return what may have broken each of some workflows; `runs` are a night's, oldest first."""
    newest: dict[WorkflowKey, Run] = {}
    for run in reversed(runs):
        if run.conclusion in FAILED and run.workflow in broken:
            newest.setdefault(run.workflow, run)
    return [find_suspects(connection, run) for run in list(newest.values())[:MOST]]


def find_suspects(connection: Connection, run: Run, since: datetime | None = None) -> Suspects:
    """Return what came between the last good run like a failed one and the first bad one.

    No good run is looked for before `since`.
    """
    good = nights.find_last_good(connection, run, since)
    if good is None:
        return Suspects(None, run, [], False, None)
    return compare_runs(connection, good, nights.find_first_bad(connection, run, good))


def compare_runs(connection: Connection, good: Run, bad: Run) -> Suspects:
    """Return what came between a good run and a bad one."""
    if good.commithash == bad.commithash:
        return Suspects(good, bad, [], False, None)
    links = source_of(bad.provider).links
    home = formats.https(links.repository(bad.url or ""))
    base, head = good.commithash or "", bad.commithash or ""
    compare = links.compare(home, base, head) if home else None
    between = job_changes.find_between(connection, bad.repoid, base, head, COMMITS)
    if between is not None:
        commits, more, behind, tags = between
        return Suspects(good, bad, list(commits), more > 0, compare, behind, tags)
    begin, end = read_commit_time(connection, good), read_commit_time(connection, bad)
    by_time = nights.list_commits_between(connection, bad.repoid, begin, end, COMMITS + 1)
    return Suspects(good, bad, by_time[:COMMITS], len(by_time) > COMMITS, compare, is_by_time=True)


def read_commit_time(connection: Connection, run: Run) -> datetime:
    """Return when a run's commit was made, or when the run was where no push brought it."""
    assert run.createtime is not None  # noqa: S101 - the queries chose by it
    commit = reads.find_commit(connection, run.repoid, run.commithash or "")
    return run.createtime if commit is None or commit.time is None else commit.time
