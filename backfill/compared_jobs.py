"""What changed since jobs were well: versions that logs list, and the commits between.

Read of the first failed job of a row of them and of the last one before it that passed, one
request for each log and for each pair of commits; nothing is asked for twice.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Engine

from backfill.http.errors import ApiError
from backfill.log_times import failed_jobs_since, is_on_its_way
from backfill.pipeline.context import Context
from backfill.pipeline.due_items import IN_ROW
from backfill.records import Repository
from backfill.vendors import Vendor
from engines import reading
from engines.transaction import transact
from store.reads import nights, runs
from store.state import commit_ranges, job_versions, notes
from store.state.failures import FailedJobFilter
from store.state.job_versions import ComparedJob, KnownRead

NEWEST, OLDER = 200, 300
"""Failed jobs that one call looks at: the latest ones, and older ones in turn, since what was
backfilled may change which are first ones."""
COST = 4
"""Requests for one job at most: two logs, two comparisons."""
ALL = "what changed before failed jobs"
CURSOR = "failed jobs compared back to"
LAST = (datetime(9999, 1, 1), 0)

Result = TypeVar("Result")
Hashes = tuple[str, str]
"""The commit that was well, and the one that failed."""


class ComparedJobs(NamedTuple):
    """What came of it: logs and pairs of commits read, and whether requests were too few."""

    logs: int = 0
    ranges: int = 0
    is_more: bool = False


def compare_jobs(
    context: Context,
    vendor: Vendor,
    repositories: Sequence[Repository],
    *,
    now: datetime,
    requests: int,
) -> ComparedJobs:
    """Read what changed before first failed jobs, the latest first, where it is not read yet.

    `now`: UTC without zone. `requests`: how many to the API this call may send, but for what has
    to be asked again. What cannot be read is an item of `context.due`, and the others go on.
    Raises ApiError for a key that is refused, BudgetSpent, RequestsStopped, SQLAlchemyError.
    """
    by_id = {repository.repoid: repository for repository in repositories}
    wish = failed_jobs_since([*by_id], now - vendor.REASONS_FOR, now)
    begun, logs, ranges = context.client.rate_limit.sent, 0, 0
    closed = {repoid for repoid in by_id if not context.due.is_due(repoid, ALL)}
    for job in list_jobs(context.engine, wish):
        with reading(context.engine).connect() as connection:
            good = job_versions.find_good_before(connection, job)
        if good is None or job.repoid in closed:
            continue
        if context.client.rate_limit.sent - begun + COST > requests:
            return ComparedJobs(logs, ranges, is_more=True)
        repository = by_id[job.repoid]
        try:
            logs += read_logs(context, vendor, repository, job, good, now)
            ranges += read_ranges(context, vendor, repository, job, good)
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            context.due.join(job.repoid, "versions of job ", ALL, problem)
            closed.add(job.repoid)
            continue
        context.due.note_success(job.repoid, ALL)
    return ComparedJobs(logs, ranges)


def list_jobs(engine: Engine, wish: FailedJobFilter) -> Iterator[ComparedJob]:
    """Yield the latest failed jobs, and then some older ones, going on where a call before ended.

    An older job is looked at again and again: what is backfilled may make it a first one.
    """
    with reading(engine).connect() as connection:
        newest = job_versions.list_failed(connection, wish, LAST, NEWEST)
        noted = notes.text(connection, "", CURSOR)
    yield from newest
    if len(newest) < NEWEST:
        return
    time, _, number = noted.partition(" ")
    last = (datetime.fromisoformat(time), int(number)) if noted else place_of(newest[-1])
    with reading(engine).connect() as connection:
        older = job_versions.list_failed(connection, wish, last, OLDER)
    for job in older:
        yield job
        if job is older[-1] and len(older) == OLDER:
            note_cursor(engine, f"{job.createtime.isoformat()} {job.Id}")
    if len(older) < OLDER:
        note_cursor(engine, "")


def place_of(job: ComparedJob) -> tuple[datetime, int]:
    """Return where a job stands among failed ones."""
    return job.createtime, job.Id


def note_cursor(engine: Engine, text: str) -> None:
    """Note where the next call goes on."""
    transact(engine, lambda connection: notes.put(connection, "", CURSOR, text))


def read_logs(
    context: Context,
    vendor: Vendor,
    repository: Repository,
    job: ComparedJob,
    good: ComparedJob,
    now: datetime,
) -> int:
    """Store what the logs of two jobs list where that is not known; return how many were read.

    Where there is nothing of the failed one, there is nothing to compare the other with.
    """
    logs = 0
    for each in (job, good):
        with reading(context.engine).connect() as connection:
            known = job_versions.find_read(connection, each)
        if known is None:
            ask = partial(vendor.read_job_versions, context.client, repository.name, each.gitid)
            read = read_item(context, repository, f"versions of job {each.gitid}", ask)
            if read is None or (read.absence == "gone" and is_on_its_way(each.endtime, now)):
                return logs
            job_versions.store_versions(context.engine, each, read)
            logs += 1
            known = KnownRead(read.absence, None)
        if each is job and known.goodjobgitid != good.gitid:
            job_versions.note_good(context.engine, job, good)
        if known.absence == "gone":
            return logs
    return logs


def read_ranges(
    context: Context, vendor: Vendor, repository: Repository, job: ComparedJob, good: ComparedJob
) -> int:
    """Store how the commits of two jobs, and of their runs, lie to each other; return how many."""
    repoid, ranges = repository.repoid, 0
    with reading(context.engine).connect() as connection:
        pairs = list_pairs(connection, job, good)
        unknown = [p for p in pairs if not commit_ranges.is_known(connection, repoid, *p)]
    for base, head in unknown:
        ask = partial(vendor.compare_commits, context, repository, base, head)
        commits = read_item(context, repository, f"commits {base}...{head}", ask)
        if commits is not None:
            commit_ranges.store_range(context.engine, repoid, base, head, commits)
            ranges += 1
    return ranges


def list_pairs(connection: Connection, job: ComparedJob, good: ComparedJob) -> list[Hashes]:
    """Return the commits of two jobs, and those of the runs around the failure, where they differ.

    Another job may have failed before: then the run was well longer ago than the job.
    """
    pairs = [(good.commithash, job.commithash)]
    run = runs.find_run(connection, (job.provider, job.rungitid))
    last_good = nights.find_last_good(connection, run) if run else None
    if run and last_good:
        bad = nights.find_first_bad(connection, run, last_good)
        pairs.append((last_good.commithash, bad.commithash))
    known = [(base, head) for base, head in pairs if base and head and base != head]
    return list(dict.fromkeys(known))


def read_item(
    context: Context, repository: Repository, name: str, ask: Callable[[], Result]
) -> Result | None:
    """Return what `ask` returns; None for an item that is not due or fails. Raises ApiError."""
    home = repository.path.rstrip("/")
    return context.due.read(context.client, repository.repoid, name, home, ask, IN_ROW)
