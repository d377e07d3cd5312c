"""Fetch what an audit names as missing, the way a backfill fetches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from sys import stderr

from backfill.audit.findings import BRANCH, COMMIT, HEAD, OF_RUNS, QUARANTINED
from backfill.audit.verdict import Verdict
from backfill.command import replay
from backfill.pipeline.context import Context
from backfill.records import Repository
from backfill.vendors import vendor_of
from store.deliveries.table import QUARANTINED as HELD
from store.deliveries.table import Wanted


def repair(context: Context, repository: Repository, found: Verdict) -> None:
    """Store what is missing, as far as GitHub or a stored delivery has it. Raises ApiError.

    A spooled delivery is left to the listener of this machine, which stores it when the database
    is back; one that cannot be mapped stays quarantined, though its rows are read from GitHub.
    """
    vendor = vendor_of(repository.provider)
    runs = sorted({one.run for one in found.findings if one.run and one.kind in OF_RUNS})
    vendor.reread_runs(context, repository, runs)
    kinds = {one.kind for one in found.findings}
    if kinds & {BRANCH, HEAD}:
        vendor.reread_branches(context, repository)
    hashes = [one.name for one in found.findings if one.kind == COMMIT]
    vendor.read_named_commits(context, repository, hashes)
    with redirect_stdout(stderr):
        for guid in held(found):
            replay.replay(context.engine, Wanted(states=(HELD,), guid=guid), (repository.name,))


def held(found: Verdict) -> Iterator[str]:
    """Yield the guids of quarantined deliveries."""
    yield from (one.name for one in found.findings if one.kind == QUARANTINED)
