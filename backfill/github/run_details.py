"""One run to its end: the jobs of every attempt with their steps, and its earlier attempts.

https://docs.github.com/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
"""

from typing import NamedTuple

from sqlalchemy import Connection

from backfill.github.repository_lookup import (
    PAST_ATTEMPT,
    map_object,
    map_objects,
    say_notes,
)
from backfill.http.errors import ApiError
from backfill.http.pagination import Known, fetch_page, fetch_pages, know_nothing
from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from rows import Unmappable, fields
from store.doors.api import Read
from store.state import backfill_progress
from store.state.backfill_progress import DONE, DUE, OPEN, Note, Page, RunRead

ROUNDS = 3


class RunDetails(NamedTuple):
    """What was read of a run, and what is to be noted of it."""

    run: RunRead
    reads: list[Read]
    pages: dict[str, Page]
    anew: bool


def note_listed(run: Json, before: RunRead | None) -> RunRead:
    """Return what is noted of a run as a list shows it. Raises Unmappable."""
    at = "workflow_run"
    return RunRead(
        rungitid=fields.key(fields.number, run, "id", at),
        createtime=fields.moment(run, "created_at", at),
        attempt=fields.number(run, "run_attempt", at) or 1,
        updatetime=fields.moment(run, "updated_at", at),
        ended=run.get("status") == "completed",
        whole=before.whole if before else 0,
        state=DUE,
    )


def is_news(run: RunRead, before: RunRead | None) -> bool:
    """Tell whether a listed run has to be read; one that is open is read again at the end."""
    if before is None or before.state == DUE:
        return True
    state = (run.attempt, run.updatetime, run.ended)
    return state != (before.attempt, before.updatetime, before.ended)


def read_details(context: Context, repository: Repository, run: RunRead) -> RunDetails:
    """Return the jobs and earlier attempts of a run that was just listed."""
    return complete_details(context, repository, run, [], {}, know_nothing, anew=False)


def reread_details(
    context: Context, repository: Repository, run: RunRead, known: Known
) -> RunDetails:
    """Return a run that had not ended when it was read, as it is now."""
    path = f"{repository.path}actions/runs/{run.rungitid}?exclude_pull_requests=true"
    try:
        fetched = fetch_page(context.client, path, known)
    except ApiError as problem:
        if not problem.is_gone:
            raise
        return RunDetails(run._replace(state=DONE), [], {}, anew=True)
    pages = {fetched.key: fetched.page} if fetched.page else {}
    if fetched.body is None:
        return complete_details(context, repository, run, [], pages, known, anew=True)
    reads = map_objects(context, "workflow_run", [fetched.body], repository)
    try:
        run = note_listed(fetched.body, run)
    except Unmappable as error:
        context.reporter.report(f"{repository.name}: run {run.rungitid}: {error}")
    return complete_details(context, repository, run, reads, pages, known, anew=True)


def complete_details(
    context: Context,
    repository: Repository,
    run: RunRead,
    reads: list[Read],
    pages: dict[str, Page],
    known: Known,
    *,
    anew: bool,
) -> RunDetails:
    """Add the jobs and the earlier attempts, and tell whether the run is read to its end."""
    try:
        jobs, more, is_whole = list_all_jobs(context, repository, run, known)
    except ApiError as problem:
        if not problem.is_gone:
            raise
        # Deleted while it was being read: there is nothing more to be had.
        return RunDetails(run._replace(state=DONE), reads, {}, anew)
    reads += map_objects(context, "workflow_job", jobs, repository)
    reads += read_past_attempts(context, repository, run)
    latest = max((int(job.get("run_attempt") or 1) for job in jobs), default=0)
    is_done = run.ended and is_whole and latest <= run.attempt
    state, whole = (DONE, run.attempt) if is_done else (OPEN, run.attempt - 1)
    return RunDetails(run._replace(state=state, whole=whole), reads, pages | more, anew)


def list_all_jobs(
    context: Context, repository: Repository, run: RunRead, known: Known
) -> tuple[list[Json], dict[str, Page], bool]:
    """Return the jobs of all attempts that are not stored as they are, their pages, and whether
    they are as many as GitHub counts. A run that goes on gets more of them while they are read.
    """
    path = f"{repository.path}actions/runs/{run.rungitid}/jobs?filter=all&per_page=100"
    for _ in range(ROUNDS):
        jobs: dict[int, Json] = {}
        pages: dict[str, Page] = {}
        total, unchanged = 0, False
        for fetched in fetch_pages(context.client, path, known):
            if fetched.page:
                pages[fetched.key] = fetched.page
            if fetched.body is None:
                unchanged = True
                continue
            total = int(fetched.body["total_count"])
            jobs |= {job["id"]: job for job in fetched.body["jobs"]}
        if unchanged or len(jobs) >= total:
            return list(jobs.values()), pages, True
    context.reporter.report(
        f"{repository.name}: run {run.rungitid} has {total} jobs, but {len(jobs)} are listed"
    )
    return list(jobs.values()), {}, False


def read_past_attempts(context: Context, repository: Repository, run: RunRead) -> list[Read]:
    """Return the attempts before the one that lists show, but those that are stored for good."""
    attempts = []
    for attempt in range(run.whole + 1, run.attempt):
        path = f"actions/runs/{run.rungitid}/attempts/{attempt}?exclude_pull_requests=true"
        try:
            answer = context.client.get(repository.path + path)
            read = map_object("workflow_run", answer.body, repository.record)
        except ApiError as problem:
            if not problem.is_gone:
                raise
            continue
        except Unmappable as error:
            context.reporter.report(
                f"{repository.name}: run {run.rungitid}, attempt {attempt}: {error}"
            )
            continue
        say_notes(context, f"{repository.name}: run {run.rungitid}, attempt {attempt}", read)
        attempts.append(read._replace(counted=PAST_ATTEMPT))
    return attempts


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
