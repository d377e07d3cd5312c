"""The failed jobs of runs, and of the runs that these made: what a night says has failed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from config.calendar import LAST
from engines.chunks import by_scope
from rows.words import FAILED, RunKey
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures

LONGEST_ERROR = 300
CAUSE, EXIT_CODE = "cause", "Process completed with exit code"
LONGEST = timedelta(days=1)
"""So long after a run one may be made by it; that keeps the question to an index."""
DEEPEST = 2
"""How far down runs make others: https://docs.gitlab.com/ci/pipelines/downstream_pipelines/."""


class FailedJob(NamedTuple):
    """A failed job of the shown attempt of a run, and the first line of its error."""

    provider: str
    rungitid: int
    name: str | None
    failedstep: str | None
    url: str | None
    error: str | None = None
    fingerprint: str | None = None


class MadeOthers(NamedTuple):
    """A failed run without a failed job; `way` is how a night judges it."""

    repoid: int
    createtime: datetime
    way: str


class FirstError(NamedTuple):
    """What failed jobs say first, in one line.

    `is_cause` where its fingerprint may be a cause that runs have in common: an exit code is none,
    nor a message that only says that something failed.
    """

    text: str | None
    fingerprint: str | None
    is_cause: bool


UNREAD = FirstError(None, None, False)


def list_failed_jobs(
    connection: Connection, attempts: Mapping[RunKey, int | None]
) -> dict[RunKey, list[FailedJob]]:
    """Return the jobs by which the shown attempts of runs failed, in the order of their ids."""
    by_run = read_failed(connection, attempts)
    told = {
        key: [row for row in rows if row.attempt == attempts[key] and decides(row)]
        for key, rows in by_run.items()
    }
    owns = {row: find_own(row, by_run[key]) for key, rows in told.items() for row in rows}
    errors = read_first_errors(connection, [(row.provider, row.gitid) for row in owns.values()])
    failed: dict[RunKey, list[FailedJob]] = {}
    for key, rows in told.items():
        for row in rows:
            own = owns[row]
            said = errors.get((own.provider, own.gitid), UNREAD)
            text = said.text and said.text[:LONGEST_ERROR]
            job = FailedJob(*key, row.name, row.failedstep, row.url, text, said.fingerprint)
            failed.setdefault(key, []).append(job)
    return failed


def read_run_errors(
    connection: Connection, runs: Iterable[RunKey], *, first: bool = False
) -> dict[RunKey, FirstError]:
    """Return what made runs fail, as far as it is read: in their newest attempt that failed.

    With `first` in their first one, also where what failed in it was tried again since.
    """
    keys = list(runs)
    errors = read_errors(connection, keys, failures.c.rungitid)
    told: dict[RunKey, FirstError] = {}
    for key, rows in read_failed(connection, keys).items():
        chosen = (min if first else max)(row.attempt or 1 for row in rows)
        own = [row for row in rows if (row.attempt or 1) == chosen and not row.allowfailure]
        own = list(filter(decides, own)) or own
        said = [errors.get((key[0], find_own(row, rows).gitid), UNREAD) for row in own]
        told[key] = next((error for error in said if error.text), UNREAD)
    return told


def read_failed(connection: Connection, runs: Iterable[RunKey]) -> dict[RunKey, list[Any]]:
    """Return the failed jobs of all attempts of runs, in the order of their ids."""
    job = jobs.c
    wanted = (
        job.provider, job.rungitid, job.attempt, job.gitid, job.name, job.failedstep, job.url,
        job.inherited, job.superseded, job.allowfailure,
    )  # fmt: skip
    by_run: dict[RunKey, list[Any]] = defaultdict(list)
    for provider, numbers in by_scope(runs):
        query = select(*wanted).where(job.provider == provider, job.rungitid.in_(numbers))
        query = query.where(job.conclusion.in_(FAILED)).order_by(job.gitid)
        for row in connection.execute(query):
            by_run[row.provider, row.rungitid].append(row)
    return by_run


def decides(row: Any) -> bool:
    """Tell whether a run failed by a job: not by one that may fail, or that was tried again."""
    return not row.superseded and not row.allowfailure


def find_own(row: Any, rows: Sequence[Any]) -> Any:
    """Return the job itself of one that a re-run only lists again: that has said why it failed."""
    if not row.inherited:
        return row
    same = (one for one in rows if one.name == row.name and not one.inherited)
    before = [one for one in same if (one.attempt or 1) < (row.attempt or 1)]
    return max(before, key=lambda job: job.attempt or 1, default=row)


def list_jobs_of_children(
    connection: Connection, made: Mapping[RunKey, MadeOthers], ways: Mapping[RunKey, str]
) -> dict[RunKey, list[FailedJob]]:
    """Return the failed jobs of what runs made in their repositories, by the run at the top.

    `ways` are how nights judge runs: a child that is judged as its parent is told by itself.
    """
    places = {key: (one.repoid, one.createtime) for key, one in made.items()}
    below, attempts = defaultdict[RunKey, list[RunKey]](list), dict[RunKey, int | None]()
    level = set(made)
    for _ in range(DEEPEST):
        rows = [row for keys in grouped(level, places) for row in read_children(connection, *keys)]
        level = set()
        for parent, key, attempt in rows:
            below[parent].append(key)
            attempts[key] = attempt
            if key not in places:
                places[key] = places[parent]
                level.add(key)
    failed = list_failed_jobs(connection, attempts)
    told = dict[RunKey, list[FailedJob]]()
    for top, about in made.items():
        own = [key for key in below[top] if ways.get(key) != about.way]
        deeper = [key for child in own for key in below[child] if ways.get(key) != about.way]
        if theirs := [job for key in sorted({*own, *deeper}) for job in failed.get(key, ())]:
            told[top] = theirs
    return told


Place = tuple[int, datetime]
"""Of a run: its repository, and when it was created."""


def grouped(
    keys: Iterable[RunKey], places: Mapping[RunKey, Place]
) -> Iterator[tuple[str, int, list[tuple[int, datetime]]]]:
    """Yield runs by server and repository, with their times."""
    groups: dict[tuple[str, int], list[tuple[int, datetime]]] = defaultdict(list)
    for provider, number in sorted(keys):
        repoid, created = places[provider, number]
        groups[provider, repoid].append((number, created))
    return ((*scope, runs) for scope, runs in groups.items())


def read_children(
    connection: Connection, provider: str, repoid: int, runs: list[tuple[int, datetime]]
) -> list[tuple[RunKey, RunKey, int | None]]:
    """Return the failed runs that runs of a repository made there: parent, child, its attempt.

    Of those that one job made, which was tried again, the newest counts.
    """
    run, times = workflowruns.c, [created for _, created in runs]
    query = (
        select(run.parentgitid, run.gitid, run.attempt, run.conclusion, run.workflowname)
        .where(run.repoid == repoid, run.provider == provider)
        .where(run.createtime.between(min(times), min(max(times), LAST) + LONGEST))
        .where(run.parentgitid.in_([number for number, _ in runs]))
        .order_by(run.gitid)
    )
    rows = connection.execute(query).all()
    newest = {(row.parentgitid, row.workflowname or row.gitid): row.gitid for row in rows}
    return [
        ((provider, row.parentgitid), (provider, row.gitid), row.attempt)
        for row in rows
        if row.conclusion in FAILED
        and newest[row.parentgitid, row.workflowname or row.gitid] == row.gitid
    ]


def read_first_errors(connection: Connection, keys: Iterable[RunKey]) -> dict[RunKey, FirstError]:
    """Return what failed jobs say first, by their servers and ids."""
    return read_errors(connection, keys, failures.c.jobgitid)


def read_errors(
    connection: Connection, keys: Iterable[RunKey], column: ColumnElement[Any]
) -> dict[RunKey, FirstError]:
    """Return what failed jobs say first, of those that a column of `failures` names."""
    failure, errors = failures.c, dict[RunKey, FirstError]()
    wanted = ("provider", "jobgitid", "message", "fingerprint", "kind", "masked")
    for provider, numbers in by_scope(keys):
        query = select(*(failure[name] for name in wanted)).where(
            failure.provider == provider, column.in_(numbers), failure.number == 1
        )
        for row in connection.execute(query):
            is_cause = row.kind == CAUSE and not (row.masked or "").startswith(EXIT_CODE)
            error = FirstError(first_line(row.message), row.fingerprint, is_cause)
            errors[row.provider, row.jobgitid] = error
    return errors


def first_line(text: str | None) -> str | None:
    """Return the first line of a message that says something."""
    lines = (line.strip() for line in (text or "").splitlines())
    return next(filter(None, lines), None)
