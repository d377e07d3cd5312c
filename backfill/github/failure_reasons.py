"""Why jobs failed, read before GitHub forgets it.

https://docs.github.com/rest/checks/runs#list-check-run-annotations
https://docs.github.com/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine

from backfill.github import job_logs
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.records import ReasonsRead
from engines import reading
from rows import Unmappable
from rows.fingerprint import fingerprint, masked
from rows.source_record import FailureMessage
from rows.sources import source_of
from store.state import failures
from store.state.failures import FailedJob, FailedJobFilter, FailureReason

GITHUB = source_of("github")
HORIZON = timedelta(days=90)
"""GitHub keeps annotations and logs no longer, unless told to."""
COST = 3
"""Requests of one job at most, but for what has to be asked again."""
SETTLED, FRESH = timedelta(minutes=2), timedelta(hours=1)
"""A job's log is not there yet when it ends: nothing is asked for before the first time is over,
and what is not found is only taken for gone after the second."""
TRIES = 3
AMISS = 3
"""Jobs in a row that cannot be read: then something else is wrong, and the call ends."""


def read_failure_reasons(
    engine: Engine,
    client: Client,
    repositories: Mapping[int, str],
    *,
    now: datetime,
    requests: int,
    report: Callable[[str], None],
    horizon: timedelta = HORIZON,
) -> ReasonsRead:
    """Read and store the reasons of failed jobs that have none yet, the latest first.

    `repositories`: repos.Id -> full name today (where the API finds them). `now`: UTC without
    zone; jobs created before `now - horizon` are left alone, and those that ended a moment ago
    are left for the next call. `requests`: how many requests to the API this call may send (COST
    for a job at most; with less than that it sends none; what one job has to try again counts,
    and may go beyond).
    `report` is told, in a sentence, what could not be read; such a job is tried again by the
    next call. What GitHub no longer has is stored as such and never asked for again. Raises
    ApiError(401) when the key is refused, BudgetSpent, RequestsStopped, SQLAlchemyError.
    """
    wish = FailedJobFilter(list(repositories), now - horizon, now - SETTLED)
    begun = client.rate_limit.sent
    with reading(engine).connect() as connection:
        waiting = failures.list_unread(connection, wish, requests)
    done = absent = amiss = 0
    refused: set[int] = set()
    for job in waiting:
        if client.rate_limit.sent - begun + COST > requests or amiss == AMISS:
            break
        if job.repoid in refused:
            continue
        try:
            reasons = read_job_reasons(client, repositories[job.repoid], job)
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            report(f"{repositories[job.repoid]}: reason of job {job.jobgitid}: {problem}")
            refused |= {job.repoid} if problem.is_forbidden or problem.is_gone else set()
            amiss += not (problem.is_forbidden or problem.is_gone)
            continue
        amiss = 0
        if reasons[0].absence == "gone" and (job.time or now) > now - FRESH:
            continue
        failures.store_reasons(engine, job, reasons)
        done += 1
        absent += reasons[0].message is None
    left = len(waiting) - done
    if len(waiting) == requests:  # there may be more
        with reading(engine).connect() as connection:
            left = failures.count_unread(connection, wish)
    return ReasonsRead(done, absent, left, client.rate_limit.sent - begun)


def read_job_reasons(client: Client, name: str, job: FailedJob) -> list[FailureReason]:
    """Return the rows of a job: what its annotations say, else its log, else why there is none.

    Raises ApiError for what may be had another time.
    """
    path = f"/repos/{name}/"
    annotations = read_annotations(
        client, f"{path}check-runs/{job.jobgitid}/annotations?per_page=100"
    )
    if annotations and not annotations[0].vague:
        return list(make_reasons("annotation", annotations))
    log = job_logs.read_log(client, f"{path}actions/jobs/{job.jobgitid}/logs")
    log_messages = GITHUB.log_messages(log.text, failures.span_of(job))
    if log_messages:
        return list(make_reasons("log", log_messages))
    absence = log.absence or ("silent" if log.is_whole else "huge")
    if annotations:
        return [one._replace(absence=absence) for one in make_reasons("annotation", annotations)]
    if log.absence == "gone":
        # To a key that lost its access everything is gone: that would be noted for good.
        client.get(path.rstrip("/"), tries=TRIES)
    return [FailureReason("none", absence)]


def read_annotations(client: Client, path: str) -> list[FailureMessage]:
    """Return what a job's annotations say; nothing where the key may not see them.

    The permission is one of its own (Checks), and the log may be seen without it. Raises ApiError.
    """
    try:
        annotations = client.get(path, tries=TRIES).body
        return GITHUB.annotation_messages(annotations) if isinstance(annotations, list) else []
    except Unmappable:
        return []
    except ApiError as problem:
        if problem.is_gone or problem.is_forbidden:
            return []
        raise


def make_reasons(source: str, messages: Iterable[FailureMessage]) -> Iterator[FailureReason]:
    """Yield messages as rows, with what makes them comparable."""
    for message in messages:
        mask = masked(message.text)
        yield FailureReason(
            source,
            None,
            message.text,
            message.context,
            mask,
            fingerprint(mask),
            message.path,
            message.line,
        )
