"""Fetch what an audit names as missing, the way a backfill fetches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from sys import stderr

from backfill.audit.findings import BRANCH, COMMIT, HEAD, OF_RUNS, QUARANTINED
from backfill.audit.verdict import Verdict
from backfill.command import replay
from backfill.github import run_details
from backfill.github.all_runs import finish
from backfill.github.branches import BRANCHES, read_branches
from backfill.github.commits import read_head
from backfill.github.context import Desk, Here
from backfill.github.run_details import Found
from backfill.http.pagination import nothing
from backfill.pipeline.writer import Part
from store.deliveries.table import QUARANTINED as HELD
from store.deliveries.table import Wanted
from store.state import backfill_progress
from store.state.backfill_progress import OPEN, RunRead


def repair(desk: Desk, here: Here, found: Verdict) -> None:
    """Store what is missing, as far as GitHub or a stored delivery has it. Raises Problem.

    A spooled delivery is left to the listener of this machine, which stores it when the database
    is back; one that cannot be mapped stays quarantined, though its rows are read from GitHub.
    """
    runs = sorted({one.run for one in found.findings if one.run and one.kind in OF_RUNS})
    finish(desk, here, (partial(again, desk, here, run) for run in runs))
    kinds = {one.kind for one in found.findings}
    if kinds & {BRANCH, HEAD}:
        # A page that is unchanged since it was stored would not be read.
        desk.writer.put(
            Part(
                (),
                lambda c: backfill_progress.drop_pages(c, here.repoid, BRANCHES.partition("?")[0]),
            )
        )
        desk.writer.flush()
        read_branches(desk, here)
    hashes = [one.name for one in found.findings if one.kind == COMMIT]
    for commit in desk.pool.spread(partial(read_head, desk, here, one) for one in hashes):
        desk.writer.put(Part(commit))
    desk.writer.flush()
    with redirect_stdout(stderr):
        for guid in held(found):
            replay.replay(desk.engine, Wanted(states=(HELD,), guid=guid), (here.name,))


def again(desk: Desk, here: Here, run: int) -> Found:
    """Return a run with all its attempts and jobs as they are now."""
    unread = RunRead(run, None, 1, None, ended=False, whole=0, state=OPEN)
    return run_details.detail_again(desk, here, unread, nothing)


def held(found: Verdict) -> Iterator[str]:
    """Yield the guids of quarantined deliveries."""
    yield from (one.name for one in found.findings if one.kind == QUARANTINED)
