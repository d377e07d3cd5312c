"""Why jobs failed: what GitLab itself says first, then the trace of the job.

https://docs.gitlab.com/api/jobs/#get-a-log-file
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, urlencode

from requests.exceptions import RequestException
from sqlalchemy import Engine
from urllib3.exceptions import HTTPError

from backfill.http.client import TIMEOUT, Client
from backfill.http.errors import GONE, ApiError
from backfill.http.list_body import read_items
from backfill.log_times import failed_jobs_since, is_on_its_way
from backfill.pipeline.api_objects import read_object
from backfill.pipeline.due_items import IN_ROW, DueItems
from backfill.records import ReasonsRead
from engines import reading
from rows import fields
from rows.fingerprint import fingerprints_of
from rows.logs.stream import LineBlocks, LogReader
from rows.source_record import FailureReader, VersionsReader
from rows.sources import source_of
from store.state import failures, job_versions
from store.state.error_issues import ErrorIssue
from store.state.failures import FailedJob, FailureReason
from store.state.job_versions import VersionsRead

GITLAB = source_of("gitlab")
REASONS_FOR = timedelta(days=365)
"""Traces are not deleted unless somebody says so."""
ALL = "reasons of failed jobs"
COST, TRIES, PIECE = 2, 3, 65_536
MOST = 64 * 1024 * 1024
SECONDS = 120.0
TIMED_OUT = "job_execution_timeout"


class TraceReaders(NamedTuple):
    """What reads a trace, together and in one pass."""

    reasons: FailureReader
    versions: VersionsReader


def project_path(name: str) -> str:
    """Return where a project is in the API."""
    return f"/projects/{quote(name, safe='')}"


def read_trace(client: Client, path: str, readers: Sequence[LogReader]) -> str | None:
    """Give a trace to readers in one pass; return why there is none. Raises ApiError."""
    client.rate_limit.enter()
    headers = None
    try:
        with client.open_session().get(
            f"{client.base}{path}", timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as response:
            headers = response.headers
            if response.status_code in GONE:
                return "gone"
            if response.status_code != 200:
                message = f"GitLab answers {response.status_code} for a trace"
                raise ApiError(message, response.status_code)
            if "html" in response.headers.get("Content-Type", ""):
                raise ApiError("GitLab answers a page in place of a trace: a sign-in, say")
            received, until = 0, time.monotonic() + SECONDS
            blocks = LineBlocks(readers)
            for piece in response.iter_content(PIECE):
                received += len(piece)
                blocks.feed(piece)
                if received > MOST:
                    return "huge"
                if time.monotonic() > until:
                    raise ApiError("GitLab is too slow with a trace")
            blocks.end()
            return None if received else "gone"
    except (RequestException, HTTPError) as error:
        raise ApiError(f"the connection to GitLab broke off ({type(error).__name__})") from None
    finally:
        client.rate_limit.leave(headers)


def read_job_reasons(
    client: Client,
    name: str,
    job: FailedJob,
    report: Callable[[str], None],
    keep: Callable[[VersionsRead], None] = lambda read: None,
) -> list[FailureReason]:
    """Return the rows of a job: what GitLab says, else its trace, else why there is none.

    Raises ApiError for what may be had another time.
    """
    path = f"{project_path(name)}/jobs/{job.jobgitid}"
    try:
        record = read_object(client.get(path, tries=TRIES).body, "job")
    except ApiError as problem:
        if not problem.is_gone:
            raise
        client.get(project_path(name), tries=TRIES)  # all is gone to a key without rights
        return [FailureReason("none", "gone")]
    reason = fields.text(record, "failure_reason", "job", fields.WORD)
    said = GITLAB.failure_words(reason)
    readers = TraceReaders(GITLAB.log_reader(None), GITLAB.version_reader())
    absence = read_trace(client, f"{path}/trace", readers)
    if absence is None:
        keep(VersionsRead(readers.versions.versions, None))
    traced = list(make_reasons(readers)) if absence is None else []
    if said and not (reason == TIMED_OUT and traced):  # of which the trace tells more
        return [say_first(said, traced)]
    return traced or [FailureReason("none", absence or "silent")]


def say_first(said: str, traced: Sequence[FailureReason]) -> FailureReason:
    """Return what GitLab says as the cause, and after it the first thing that the trace says."""
    more = traced[0].message if traced else None
    text = f"{said}\n{more}" if more else said
    context = traced[0].context if traced else None
    made = fingerprints_of(text)._asdict()
    return FailureReason("log", message=text, context=context, kind="cause", **made)


def make_reasons(readers: TraceReaders) -> Iterator[FailureReason]:
    """Yield a trace's messages as rows, with what makes them comparable."""
    for message in readers.reasons.messages():
        yield FailureReason(
            "log",
            message=message.text,
            context=message.context,
            path=message.path,
            line=message.line,
            kind=message.kind,
            **fingerprints_of(message.text)._asdict(),
        )


def read_job_versions(client: Client, name: str, jobgitid: int) -> VersionsRead:
    """Return what a job's trace lists, or why there is none. Raises ApiError."""
    readers = TraceReaders(GITLAB.log_reader(None), GITLAB.version_reader())
    absence = read_trace(client, f"{project_path(name)}/jobs/{jobgitid}/trace", readers)
    if absence == "gone":
        client.get(project_path(name), tries=TRIES)
    return VersionsRead({} if absence else readers.versions.versions, absence)


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

    As for the other vendor: `requests` may be sent, what cannot be read is left due.
    """
    wish = failed_jobs_since([*repositories], now - horizon, now)
    begun, most = client.rate_limit.sent, requests + len(due.noted())
    with reading(engine).connect() as connection:
        waiting = failures.list_unread(connection, wish, most)
    done = absent = 0
    closed = {repoid for repoid in repositories if not due.is_due(repoid, ALL)}
    for job in waiting:
        if client.rate_limit.sent - begun + COST > requests:
            break
        item, name = f"job {job.jobgitid}: trace", repositories[job.repoid]
        if job.repoid in closed or not due.is_due(job.repoid, item):
            continue
        keep = partial(job_versions.store_first, engine, job.provider, job.jobgitid)
        ask = partial(read_job_reasons, client, name, job, report, keep)
        try:
            reasons = due.read(client, job.repoid, item, project_path(name), ask, IN_ROW)
        except ApiError as problem:
            if problem.is_bad_key or problem.is_unsteady:
                raise
            due.join(job.repoid, "job ", ALL, problem)
            closed.add(job.repoid)
            continue
        if reasons is not None:
            due.note_success(job.repoid, ALL)
        if reasons is None or (reasons[0].absence == "gone" and is_on_its_way(job.time, now)):
            continue
        failures.store_reasons(engine, job, reasons)
        done += 1
        absent += reasons[0].message is None
    left = len(waiting) - done
    if len(waiting) == most:
        with reading(engine).connect() as connection:
            left = failures.count_unread(connection, wish)
    return ReasonsRead(done, absent, left, client.rate_limit.sent - begun)


def search_issues(client: Client, name: str, words: str) -> list[ErrorIssue]:
    """Return a project's issues that hold these words in title or description. Raises ApiError.

    https://docs.gitlab.com/api/issues/#list-project-issues
    """
    query = urlencode({"search": words, "in": "title,description", "per_page": 20})
    listed = read_items(client.get(f"{project_path(name)}/issues?{query}").body)
    issues, at = [one for one in listed if isinstance(one, dict)], "issue"
    states = {"opened": "open"}
    return [
        ErrorIssue(
            fields.number(issue, "iid", at) or 0,
            fields.text(issue, "title", at) or "",
            states.get(state := fields.text(issue, "state", at) or "", state),
            fields.text(issue, "web_url", at) or "",
        )
        for issue in issues
    ]
