"""Why jobs failed, read before GitHub forgets it.

https://docs.github.com/rest/checks/runs#list-check-run-annotations
https://docs.github.com/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Engine

from backfill.github import job_logs
from backfill.github.job_logs import JobLog
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.log_times import failed_jobs_since, is_on_its_way
from backfill.pipeline.due_items import IN_ROW, DueItems
from backfill.records import ReasonsRead
from engines import reading
from rows import fields
from rows.fingerprint import fingerprints_of
from rows.source_record import FailureMessage, FailureReader, VersionsReader
from rows.sources import source_of
from store.state import failures, job_versions
from store.state.failures import FailedJob, FailureReason
from store.state.job_versions import VersionsRead

GITHUB = source_of("github")
REASONS_FOR = timedelta(days=90)
"""GitHub keeps annotations and logs no longer, unless told to."""
COST = 3
"""Requests of one job at most, but for what has to be asked again."""
TRIES = 3
PATIENCE = 300.0
"""Seconds that one call spends on jobs that cannot be read: a host that hangs takes a minute each,
and the next call goes on with others."""
ALL = "reasons of failed jobs"


class JobReaders(NamedTuple):
    """What reads a job's log, together and in one pass."""

    reasons: FailureReader
    versions: VersionsReader


def make_job_readers(span: tuple[str, str] | None) -> JobReaders:
    """Return readers for one log; `span` as in Source.log_reader."""
    return JobReaders(GITHUB.log_reader(span), GITHUB.version_reader())


def read_failure_reasons(
    engine: Engine,
    client: Client,
    repositories: Mapping[int, str],
    *,
    now: datetime,
    requests: int,
    report: Callable[[str], None],
    due: DueItems,
    horizon: timedelta = REASONS_FOR,
) -> ReasonsRead:
    """Read and store the reasons of failed jobs that have none yet, the latest first.

    `repositories`: repos.Id -> full name today (where the API finds them). `now`: UTC without
    zone; jobs created before `now - horizon` are left alone, and those that ended a moment ago
    are left for the next call. `requests`: how many requests to the API this call may send (COST
    for a job at most; with less than that it sends none; what one job has to try again counts,
    and may go beyond).
    A job that cannot be read is an item of `due`, and the others go on; `report` is told of odd
    annotations, and when the server is away. What GitHub no longer has is stored as such and never
    asked for again. Raises ApiError(401) when the key is refused, BudgetSpent, RequestsStopped,
    SQLAlchemyError.
    """
    wish = failed_jobs_since([*repositories], now - horizon, now)
    begun, most = client.rate_limit.sent, requests + len(due.noted())
    with reading(engine).connect() as connection:
        waiting = failures.list_unread(connection, wish, most)
    done = absent = 0
    failing = 0.0
    closed = {repoid for repoid in repositories if not due.is_due(repoid, ALL)}
    for job in waiting:
        if client.rate_limit.sent - begun + COST > requests or failing > PATIENCE:
            break
        item = f"job {job.jobgitid}: log and annotations"
        if job.repoid in closed or not due.is_due(job.repoid, item):
            continue
        name, asked = repositories[job.repoid], time.monotonic()
        keep = partial(job_versions.store_first, engine, job.provider, job.jobgitid)
        ask = partial(read_job_reasons, client, name, job, report, keep)
        try:
            reasons = due.read(client, job.repoid, item, f"/repos/{name}", ask, IN_ROW)
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            if problem.is_unsteady:
                report(f"{name}: {ALL}: {problem}")
                break
            due.join(job.repoid, "job ", ALL, problem)
            closed.add(job.repoid)
            continue
        if reasons is None:
            failing += time.monotonic() - asked
            continue
        due.note_success(job.repoid, ALL)
        if reasons[0].absence == "gone" and is_on_its_way(job.time, now):
            continue
        failures.store_reasons(engine, job, reasons)
        done += 1
        absent += reasons[0].message is None
    left = len(waiting) - done
    if len(waiting) == most:  # there may be more
        with reading(engine).connect() as connection:
            left = failures.count_unread(connection, wish)
    return ReasonsRead(done, absent, left, client.rate_limit.sent - begun)


def read_job_reasons(
    client: Client,
    name: str,
    job: FailedJob,
    report: Callable[[str], None],
    keep: Callable[[VersionsRead], None] = lambda read: None,
) -> list[FailureReason]:
    """Return the rows of a job: what its annotations say, else its log, else why there is none.

    `report` is told of annotations that cannot be read, `keep` what a log that is read lists.
    Raises ApiError for what may be had another time.
    """
    path = f"/repos/{name}/"
    annotations, notes = read_annotations(
        client, f"{path}check-runs/{job.jobgitid}/annotations?per_page=100"
    )
    for note in notes:
        report(f"{name}: job {job.jobgitid}: {note}")
    if annotations and not annotations[0].vague:
        return list(make_reasons("annotation", annotations))
    make_readers = partial(make_job_readers, failures.span_of(job))
    log = job_logs.read_log(client, f"{path}actions/jobs/{job.jobgitid}/logs", make_readers)
    if log.readers:
        keep(versions_in(log, log.readers.versions))
    log_messages = log.readers.reasons.messages() if log.readers else []
    if log_messages:
        return list(make_reasons("log", log_messages))
    absence = log.absence or ("silent" if log.is_whole else "huge")
    if annotations:
        return [one._replace(absence=absence) for one in make_reasons("annotation", annotations)]
    if log.absence == "gone":
        # To a key that lost its access everything is gone: that would be noted for good.
        client.get(path.rstrip("/"), tries=TRIES)
    return [FailureReason("none", absence)]


def tell_reasons(annotations: Sequence[dict[str, Any]]) -> list[FailureReason]:
    """Return what annotations say; nothing where that is vague: the log is read then."""
    messages = GITHUB.annotation_messages(annotations)
    return [] if not messages or messages[0].vague else [*make_reasons("annotation", messages)]


def versions_in(log: JobLog[Any], reader: VersionsReader) -> VersionsRead:
    """Return what a log lists that was read, `huge` where only its end was."""
    return VersionsRead(reader.versions, None if log.is_whole else "huge")


def read_job_versions(client: Client, name: str, jobgitid: int) -> VersionsRead:
    """Return what a job's log lists, or why there is none. Raises ApiError."""
    path = f"/repos/{name}"
    readers = partial(make_job_readers, None)
    log = job_logs.read_log(client, f"{path}/actions/jobs/{jobgitid}/logs", readers)
    if log.readers:
        return versions_in(log, log.readers.versions)
    if log.absence == "gone":
        client.get(path, tries=TRIES)  # see above
    return VersionsRead({}, log.absence)


def read_annotations(client: Client, path: str) -> tuple[list[FailureMessage], list[str]]:
    """Return what a job's annotations say, and what of them cannot be read, in sentences.

    Nothing where the key may not see them: the permission is one of its own (Checks), and the log
    may be seen without it. Raises ApiError.
    """
    try:
        listed = read_items(client.get(path, tries=TRIES).body)
    except ApiError as problem:
        if problem.is_gone or problem.is_forbidden:
            return [], []
        raise
    annotations = [annotation for annotation in listed if isinstance(annotation, dict)]
    with fields.Noting() as notes:
        messages = GITHUB.annotation_messages(annotations)
    odd = ["annotation: wants an object"] if len(annotations) < len(listed) else []
    return messages, odd + notes


def make_reasons(source: str, messages: Iterable[FailureMessage]) -> Iterator[FailureReason]:
    """Yield messages as rows, with what makes them comparable."""
    for message in messages:
        yield FailureReason(
            source,
            message=message.text,
            context=message.context,
            path=message.path,
            line=message.line,
            kind=message.kind,
            **fingerprints_of(message.text)._asdict(),
        )
