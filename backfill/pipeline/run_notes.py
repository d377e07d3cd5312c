"""What was read of a run, and what is noted of it beside its rows."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from backfill.pipeline.context import Context
from backfill.records import Repository
from engines.transaction import transact
from store.deliveries.table import now as clock
from store.doors.api import Read
from store.state import backfill_progress
from store.state.backfill_progress import OPEN, Note, Page, RunRead
from store.state.gone_repositories import QUIET, abandon_runs

SETTLES = timedelta(hours=1)


class RunDetails(NamedTuple):
    """What was read of a run, and what is to be noted of it."""

    run: RunRead
    reads: list[Read]
    pages: dict[str, Page]
    anew: bool


def is_settled(run: RunRead) -> bool:
    """Tell whether a list of an ended run's jobs is believed that has none of its latest attempt.

    Lists may lag behind the run that they are of.
    """
    return run.updatetime is None or abs(clock() - run.updatetime) > SETTLES


def note_details(repository: Repository, details: RunDetails) -> Note:
    """Return what is to be noted in the transaction that stores the jobs.

    Pages of a run that goes on are kept, to ask for it cheaply; one that is done is not asked for.
    """
    settled = backfill_progress.Settled(repository.repoid, details.run)
    if details.run.state != OPEN and not details.anew:
        return settled

    def write(connection: Connection) -> None:
        if details.anew:
            backfill_progress.put_runs(connection, repository.repoid, [details.run])
        else:
            settled(connection)
        if details.run.state == OPEN:
            for key, page in details.pages.items():
                backfill_progress.put_page(connection, repository.repoid, key, page)
        elif details.anew:
            backfill_progress.drop_pages(
                connection, repository.repoid, f"actions/runs/{details.run.rungitid}"
            )

    return write


def end_gone_runs(
    context: Context, repository: Repository, runs: Collection[int], now: datetime
) -> None:
    """End runs that were open and that the vendor has no more, while it has their repository.

    A 404 may be a mistake: not those of which anything was heard of late. They are asked for again.
    """
    if runs:
        context.writer.flush()
        end = partial(abandon_runs, repoid=repository.repoid, before=now - QUIET, only=runs)
        transact(context.engine, end)
