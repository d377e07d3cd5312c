"""One run to its end: the jobs of every attempt with their steps, and its earlier attempts.

https://docs.github.com/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
"""

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from backfill.github.repository_lookup import PAST_ATTEMPT, map_object, map_objects, say_notes
from backfill.http.errors import ApiError
from backfill.http.list_body import check_all, ids_of, read_items, read_total
from backfill.http.pagination import Known, fetch_pages, know_nothing
from backfill.pipeline.api_objects import ask_below, ask_for, fetch_record
from backfill.pipeline.context import Context
from backfill.pipeline.run_notes import RunDetails, is_settled
from backfill.records import MOST_ATTEMPTS, Json, Repository
from engines import reading
from rows import Unmappable, fields
from rows.counted import counted
from store.doors.api import Read
from store.state import backfill_progress
from store.state.backfill_progress import DONE, DUE, OPEN, Page, RunRead

ROUNDS = 3
ABSENT, UNREADABLE = 10, 50
"""After so many in a row that are gone, or that fail, those before them are not asked for."""


class JobPages(NamedTuple):
    """The jobs of a list, by id where they have one, its pages, what kept others."""

    jobs: dict[object, Any]
    pages: dict[str, Page]
    broken: list[ApiError]
    is_unchanged: bool


class JobList(NamedTuple):
    """The jobs of a run, their pages, and how many more are counted, by two counts, than listed."""

    jobs: list[Any]
    pages: dict[str, Page]
    lacking: int

    def describe(self) -> str:
        """Return in words that they are too few."""
        count = len(self.jobs)
        return f"GitHub counts {counted(count + self.lacking, 'job')}, but lists {count}"


def note_listed(run: Json, before: RunRead | None) -> RunRead:
    """Return what is noted of a run as a list shows it. Raises Unmappable."""
    at = "workflow_run"
    return RunRead(
        rungitid=fields.key(fields.number, run, "id", at),
        createtime=fields.moment(run, "created_at", at),
        attempt=fields.number(run, "run_attempt", at) or 1,
        updatetime=fields.moment(run, "updated_at", at),
        ended=fields.text(run, "status", at) == "completed",
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
    return complete_details(context, repository, RunDetails(run, [], {}, False), know_nothing)


def reread_details(
    context: Context, repository: Repository, run: RunRead, known: Known
) -> RunDetails:
    """Return a run that had not ended when it was read, as it is now."""
    path = f"{repository.path}actions/runs/{run.rungitid}"
    ask = partial(fetch_record, context, path, known, id=run.rungitid)
    fetched, is_gone = ask_for(context, repository, f"run {run.rungitid}", ask)
    if fetched is None:
        return RunDetails(run._replace(state=DONE if is_gone else DUE), [], {}, anew=True)
    pages = {fetched.key: fetched.page} if fetched.page else {}
    if fetched.body is None:
        return complete_details(context, repository, RunDetails(run, [], pages, True), known)
    mapped = map_objects(context, "workflow_run", [fetched.body], repository)
    try:
        run = note_listed(fetched.body, run)
    except Unmappable as error:
        context.reporter.report(f"{repository.name}: run {run.rungitid}: {error}")
    details = RunDetails(run, list(mapped), pages, True)
    details = complete_details(context, repository, details, known)
    if mapped:
        return details
    # What could not be read is not noted as read, though its jobs are.
    return details._replace(run=details.run._replace(state=OPEN), pages={})


def complete_details(
    context: Context, repository: Repository, details: RunDetails, known: Known
) -> RunDetails:
    """Add the jobs and the earlier attempts, and tell whether the run is read to its end."""
    run, reads, pages, _ = details
    path = f"{repository.path}actions/runs/{run.rungitid}"
    list_jobs = partial(list_all_jobs, context, repository, run.rungitid, run.attempt, known)
    ask = partial(ask_below, context, path, list_jobs)
    listed, is_gone = ask_for(context, repository, f"run {run.rungitid}: jobs", ask)
    if is_gone:
        # Deleted while it was being read: there is nothing more to be had.
        return details._replace(run=run._replace(state=DONE), pages={})
    if listed is None:
        attempts, _ = read_past_attempts(context, repository, run)
        due = run._replace(state=DUE)
        return details._replace(run=due, reads=reads + attempts, pages={})
    if listed.lacking:
        context.reporter.report(f"{repository.name}: run {run.rungitid}: {listed.describe()}")
    mapped = map_objects(context, "workflow_job", listed.jobs, repository)
    attempts, is_read = read_past_attempts(context, repository, run)
    reads += mapped + attempts
    if listed.lacking or len(mapped) < len(listed.jobs) or not is_read:
        # Not read to its end: what is not stored is asked for again.
        state = OPEN if is_read else DUE
        return details._replace(run=run._replace(state=state), pages={})
    latest = max((attempt_of(job) for job in listed.jobs), default=0)
    is_done = run.ended and (latest == run.attempt or (latest < run.attempt and is_settled(run)))
    state, whole = (DONE, run.attempt) if is_done else (OPEN, run.attempt - 1)
    run = run._replace(state=state, whole=whole)
    return details._replace(run=run, pages=pages | listed.pages)


def attempt_of(job: Json) -> int:
    """Return the attempt that a job is of."""
    return fields.number(job, "run_attempt", "workflow_job") or 1


def list_all_jobs(
    context: Context, repository: Repository, run: int, attempts: int, known: Known
) -> JobList:
    """Return the jobs of all attempts of a run that are not stored as they are.

    A run that goes on gets more of them while they are read. A list that stays shorter than its
    count is asked for attempt by attempt; a count that no other one bears out is not believed.
    """
    path = f"{repository.path}actions/runs/{run}/"
    for _ in range(ROUNDS):
        read, total = fetch_jobs(context, f"{path}jobs?filter=all&per_page=100", known)
        check_all(read.jobs.values(), "run_id", run)
        if read.broken:
            return JobList(list(read.jobs.values()), {}, max(1, total - len(read.jobs)))
        if read.is_unchanged or len(read.jobs) >= total:
            return JobList(list(read.jobs.values()), read.pages, 0)
    jobs, counted, absent = read.jobs, 0, 0
    for attempt in range(attempts, max(0, attempts - MOST_ATTEMPTS), -1):
        try:
            one_path = f"{path}attempts/{attempt}/jobs?per_page=100"
            read, count = fetch_jobs(context, one_path, know_nothing)
        except ApiError as problem:
            if not problem.is_gone:
                raise
            if (absent := absent + 1) == ABSENT:
                say_end(context, repository, run, attempt, f"jobs of {ABSENT} in a row are gone")
                break
            continue
        jobs, counted, absent = {**read.jobs, **jobs}, counted + count, 0
    return JobList(list(jobs.values()), {}, max(0, min(total, counted) - len(jobs)))


def fetch_jobs(context: Context, path: str, known: Known) -> tuple[JobPages, int]:
    """Return the pages of a list of jobs, and how many it counts. Raises ApiError."""
    read, total = JobPages({}, {}, [], is_unchanged=False), 0
    for fetched in fetch_pages(context.client, path, known, read.broken):
        if fetched.page:
            read.pages[fetched.key] = fetched.page
        if fetched.body is None:
            read = read._replace(is_unchanged=True)
            continue
        total = read_total(fetched.body)
        for place, job in enumerate(read_items(fetched.body, "jobs"), len(read.jobs)):
            gitid = job.get("id") if isinstance(job, dict) else None
            read.jobs[gitid if type(gitid) is int else f"odd {place}"] = job
    return read, total


def read_past_attempts(
    context: Context, repository: Repository, run: RunRead
) -> tuple[list[Read], bool]:
    """Return attempts before the latest, but what is stored for good; whether all could be read."""
    attempts, is_read, absent, failed = list[Read](), True, 0, 0
    first = max(run.whole, run.attempt - MOST_ATTEMPTS)
    if first > run.whole:
        told = f"run {run.rungitid}: of {run.attempt} attempts only the latest are asked for"
        context.reporter.report(f"{repository.name}: {told}")
    for attempt in range(run.attempt - 1, first, -1):
        subject = f"run {run.rungitid}: attempt {attempt}"
        path = f"{repository.path}actions/runs/{run.rungitid}/attempts/{attempt}"
        asked = {"id": run.rungitid, "run_attempt": attempt}
        ask = partial(fetch_record, context, path, know_nothing, **asked)
        fetched, is_gone = ask_for(context, repository, subject, ask)
        if fetched is None:
            is_read, absent, failed = is_read and is_gone, absent + is_gone, failed + (not is_gone)
            if absent == ABSENT or failed == UNREADABLE:
                why = f"{absent} in a row are gone" if absent == ABSENT else f"{failed} fail"
                say_end(context, repository, run.rungitid, attempt, why)
                break
            continue
        absent, failed = 0, 0
        try:
            read = map_object("workflow_run", fetched.body, repository.record)
        except Unmappable as error:
            context.reporter.report(f"{repository.name}: {subject}: {error}")
            is_read = False
            continue
        say_notes(context, f"{repository.name}: {subject}", read)
        attempts.append(read._replace(counted=PAST_ATTEMPT))
    return attempts, is_read


def say_end(context: Context, repository: Repository, run: int, attempt: int, why: str) -> None:
    """Say that attempts before one are not asked for, where there are any."""
    if attempt > 1:
        told = f"run {run}: of attempts before {attempt} none is asked for: {why}"
        context.reporter.say(f"{repository.name}: {told}")


def find_news(
    context: Context,
    repository: Repository,
    runs: list[Any],
    asked: set[tuple[int, int, datetime | None]],
) -> tuple[list[tuple[RunRead, Read]], bool]:
    """Return the runs that are neither stored as they are nor `asked` for; whether all are read."""
    with reading(context.engine).connect() as connection:
        before = backfill_progress.runs_read(connection, repository.repoid, ids_of(runs))
    news, is_read = list[tuple[RunRead, Read]](), True
    for record in runs:
        reads = map_objects(context, "workflow_run", [record], repository)
        is_read &= bool(reads)
        for read in reads:
            run = note_listed(record, before.get(record["id"]))
            state = (run.rungitid, run.attempt, run.updatetime)
            if state not in asked and is_news(run, before.get(run.rungitid)):
                asked.add(state)
                news.append((run, read))
    return news, is_read
