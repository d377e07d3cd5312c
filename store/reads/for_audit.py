"""Named SELECTs of an audit: what is stored of a repository in a span of time.

Times are UTC without zone; both ends of a span are included. A stub is a row that another record
named, and none described: it has the empty version.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select

from engines.chunks import chunks
from rows.sources import SOURCES
from rows.version import STUB
from rows.words import COMPLETED, workflow_key
from schema.tables.backfill import runreads, windows
from schema.tables.ci import branches, commits, jobs, repos, runattempts, workflowruns, workflows
from schema.tables.reconciler import rereads
from store.reads.shown_names import label_workflows
from store.state.backfill_progress import CLOSED, LISTED, RunRead

ASKED_LATELY = timedelta(hours=12)
"""The reconciler asks for an open run every six hours at least."""


class ListedRun(NamedTuple):
    """A run as the vendor lists it, or as it is stored.

    `status` None: it was not over when it was noted, and nothing more is known.
    """

    gitid: int
    attempt: int
    status: str | None
    conclusion: str | None
    createtime: datetime | None
    updatetime: datetime | None
    number: int | None = None
    workflowgitid: int | None = None
    workflow: str | None = None


class ListedJob(NamedTuple):
    """A job as the vendor lists it, or as it is stored; `time` is when it last changed."""

    gitid: int
    rungitid: int
    attempt: int
    status: str | None
    createtime: datetime | None
    time: datetime | None = None


class AuditedSpan(NamedTuple):
    """Whose runs are meant: those of a repository that were created in a span."""

    repoid: int
    since: datetime
    until: datetime


class StoredSpan(NamedTuple):
    """What is stored of the runs of a span.

    Of `stubs` only jobs told; `noted` were listed to a backfill; `excused` the vendor did not end
    either, as far as anybody could find out; of `unended` nobody may ever tell an end.
    """

    runs: Mapping[int, ListedRun]
    attempts: Mapping[int, Collection[int]]
    stubs: Sequence[ListedRun] = ()
    noted: Mapping[int, RunRead] = {}
    excused: Collection[int] = ()
    open_jobs: Mapping[int, Sequence[ListedJob]] = {}
    attempts_with_jobs: Collection[tuple[int, int]] = ()
    unended: Collection[int] = ()


def read_span(connection: Connection, repoid: int, since: datetime, until: datetime) -> StoredSpan:
    """Return the runs of a span with what belongs to them."""
    runs, unseen = dict[int, ListedRun](), dict[int, ListedRun]()
    span = AuditedSpan(repoid, since, until)
    listed = list(list_runs(connection, span))
    keys = {(repoid, workflow_key(one.workflowgitid, one.workflow)): one for one, _ in listed}
    labels = label_workflows(connection, {key: one.workflow or "" for key, one in keys.items()})
    for run, is_stub in listed:
        label = labels[repoid, workflow_key(run.workflowgitid, run.workflow)] or None
        place = unseen if is_stub or run.createtime is None else runs
        place[run.gitid] = run._replace(workflow=label)
    return StoredSpan(
        runs,
        list_attempts(connection, span),
        list_stubs(connection, span, unseen),
        list_run_reads(connection, span),
        list_open_at_source(connection, repoid, until - ASKED_LATELY),
        list_open_jobs(connection, span),
        list_attempts_with_jobs(connection, span),
        list_unended(connection, span),
    )


def in_span(span: AuditedSpan) -> ColumnElement[bool]:
    """Return the condition of a span's runs, and of those whose creation nobody told."""
    run = workflowruns.c
    is_in = or_(run.createtime.between(span.since, span.until), run.createtime.is_(None))
    return and_(run.repoid == span.repoid, is_in)


def list_runs(connection: Connection, span: AuditedSpan) -> Iterator[tuple[ListedRun, bool]]:
    """Yield the runs of a span, and of each whether it is a stub."""
    run, workflow = workflowruns.c, workflows.c
    same = and_(workflow.provider == run.provider, workflow.gitid == run.workflowgitid)
    query: Select[Any] = select(
        run.gitid,
        func.coalesce(run.attempt, 1),
        run.status,
        run.conclusion,
        run.createtime,
        run.updatetime,
        run.runnumber,
        run.workflowgitid,
        func.coalesce(func.nullif(workflow.name, ""), run.workflowname),
        run.version == STUB,
    )
    query = query.join_from(workflowruns, workflows, same, isouter=True)
    query = query.where(in_span(span)).order_by(run.gitid)
    for *values, is_stub in connection.execute(query):
        yield ListedRun(*values), is_stub


def list_attempts(connection: Connection, span: AuditedSpan) -> dict[int, set[int]]:
    """Return the numbers of the attempts of a span's runs that are more than stubs."""
    run, attempt = workflowruns.c, runattempts.c
    same = and_(attempt.provider == run.provider, attempt.rungitid == run.gitid)
    query = select(attempt.rungitid, attempt.attempt).join(workflowruns, same)
    query = query.where(in_span(span), attempt.version != STUB)
    numbers = defaultdict[int, set[int]](set)
    for gitid, number in connection.execute(query):
        numbers[gitid].add(number)
    return numbers


def list_unended(connection: Connection, span: AuditedSpan) -> set[int]:
    """Return the runs of a span that may never be told to have ended."""
    kinds = [(source.name, event) for source in SOURCES.values() for event in source.unended]
    run = workflowruns.c
    own = [and_(run.event == event, run.provider.startswith(name)) for name, event in kinds]
    return {*connection.scalars(select(run.gitid).where(in_span(span), or_(false(), *own)))}


def list_stubs(
    connection: Connection, span: AuditedSpan, unseen: Mapping[int, ListedRun]
) -> list[ListedRun]:
    """Return the runs that only jobs told of: each is of the span that its first job is of."""
    stubs = []
    for gitid, jobs_by_id in jobs_by_run(connection, span.repoid, sorted(unseen)).items():
        times = (job.createtime for job in jobs_by_id.values() if job.createtime is not None)
        first = min(times, default=None)
        if first is not None and span.since <= first <= span.until:
            stubs.append(unseen[gitid]._replace(createtime=first))
    return sorted(stubs)


def select_jobs() -> Select[Any]:
    """Return the query of jobs, as ListedJob has them but for their last change."""
    job = jobs.c
    attempt = func.coalesce(job.attempt, 1)
    return select(job.gitid, job.rungitid, attempt, job.status, job.createtime)


def of_span(span: AuditedSpan) -> ColumnElement[bool]:
    """Return the condition of the jobs of a span's runs, joined with these."""
    run, job = workflowruns.c, jobs.c
    return and_(job.provider == run.provider, job.rungitid == run.gitid, in_span(span))


def list_open_jobs(connection: Connection, span: AuditedSpan) -> dict[int, list[ListedJob]]:
    """Return the jobs of a span's runs that have not ended, by run."""
    is_open = func.coalesce(jobs.c.status, "") != COMPLETED
    by_run = defaultdict[int, list[ListedJob]](list)
    for row in connection.execute(select_jobs().where(of_span(span), is_open)):
        by_run[row.rungitid].append(ListedJob(*row))
    return by_run


def list_attempts_with_jobs(connection: Connection, span: AuditedSpan) -> set[tuple[int, int]]:
    """Return the attempts of a span's runs that have a job, as run and number."""
    query = select(jobs.c.rungitid, func.coalesce(jobs.c.attempt, 1)).distinct()
    rows = connection.execute(query.where(of_span(span)))
    return {(run, attempt) for run, attempt in rows}


def jobs_by_run(
    connection: Connection, repoid: int, runs: Iterable[int]
) -> dict[int, dict[int, ListedJob]]:
    """Return the jobs of runs, by run and id; a run without any is left out."""
    provider = select(repos.c.provider).where(repos.c.Id == repoid).scalar_subquery()
    query = select_jobs().where(jobs.c.provider == provider)
    by_run: dict[int, dict[int, ListedJob]] = defaultdict(dict)
    for chunk in chunks(runs):
        for row in connection.execute(query.where(jobs.c.rungitid.in_(chunk))):
            by_run[row.rungitid][row.gitid] = ListedJob(*row)
    return dict(by_run)


def list_run_reads(connection: Connection, span: AuditedSpan) -> dict[int, RunRead]:
    """Return what a backfill noted of the runs of a span that the vendor listed."""
    read = runreads.c
    of_repo = select(*(read[name] for name in RunRead._fields)).where(read.repoid == span.repoid)
    rows = connection.execute(of_repo.where(read.createtime.between(span.since, span.until)))
    return {row.rungitid: RunRead(*row) for row in rows}


def list_listed_spans(connection: Connection, repoid: int) -> list[tuple[datetime, datetime]]:
    """Return the spans of creation time whose runs were listed to their end."""
    window = windows.c
    query = select(window.firsttime, window.lasttime)
    chosen = (window.repoid == repoid, window.state.in_((LISTED, CLOSED)))
    return [(first, last) for first, last in connection.execute(query.where(*chosen))]


def list_open_at_source(connection: Connection, repoid: int, since: datetime) -> set[int]:
    """Return the runs that the reconciler asked for since a time, or gave up.

    The vendor has not ended them either.
    """
    read = rereads.c
    chosen = (read.repoid == repoid, or_(read.state == "abandoned", read.duetime >= since))
    return set(connection.scalars(select(read.rungitid).where(*chosen)))


def list_heads(connection: Connection, repoid: int) -> dict[str, str | None]:
    """Return what each branch that is not deleted points at."""
    chosen = (branches.c.repoid == repoid, branches.c.deletetime.is_(None))
    heads = connection.execute(select(branches.c.name, branches.c.headhash).where(*chosen))
    return {name: head for name, head in heads}


def find_hashes(connection: Connection, repoid: int, wanted: Iterable[str | None]) -> set[str]:
    """Return those of the wanted hashes whose commits are stored."""
    hashes = set[str]()
    for chunk in chunks(sorted({one for one in wanted if one})):
        these = commits.c.hash.in_(chunk)
        query = select(commits.c.hash).where(commits.c.repoid == repoid, these)
        hashes |= set(connection.scalars(query))
    return hashes
