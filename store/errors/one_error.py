"""Named SELECTs for one error: when and where it was, its runs, and what failed beside it."""

import difflib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, distinct, func, or_, select

from engines.chunks import by_scope
from rows.words import RunKey
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures
from store.errors.error_filter import EXIT_CODES, VAGUE, ErrorFilter, narrow
from store.errors.error_ranking import often

MOST_PLACES = 2000
"""Of an error's latest failures, those whose jobs are looked at."""
CANDIDATES = 1000
SIMILAR = 0.85
"""Twice what two masked texts have in common, by both their lengths: at 85 % another error's pairs
were right in nine of ten of 502 messages that were read."""
LONGEST = 600
"""Letters of a masked text that are compared."""


class ErrorMessage(NamedTuple):
    """An error's latest failure, and since when and until when the store has it."""

    fingerprint: str
    problem: str | None
    kind: str | None
    message: str | None
    masked: str | None
    context: str | None
    path: str | None
    line: int | None
    provider: str
    repoid: int
    rungitid: int | None
    first: datetime | None = None
    last: datetime | None = None


class PlaceCount(NamedTuple):
    """What an error was seen in, and how often."""

    name: str
    jobs: int


class ErrorPlaces(NamedTuple):
    """Where an error was, each by how often; `is_whole` when every failure was looked at."""

    repositories: list[tuple[int, int]]
    workflows: list[PlaceCount]
    jobs: list[PlaceCount]
    runners: list[PlaceCount]
    branches: list[PlaceCount]
    is_whole: bool


class ErrorRun(NamedTuple):
    """A run in which an error was: how many of its jobs have it."""

    provider: str
    gitid: int
    repoid: int
    jobs: int
    time: datetime
    repo: str | None
    workflowname: str | None
    runnumber: int | None
    branchname: str | None
    commithash: str | None
    url: str | None = None


class NearbyError(NamedTuple):
    """Another error: of the same runs, the same night, the same problem, or with like words."""

    fingerprint: str
    message: str | None
    jobs: int
    kind: str | None = None
    percent: int | None = None


def find_error(connection: Connection, fingerprint: str) -> ErrorMessage | None:
    """Return an error by its fingerprint, None where no failure has it."""
    f = failures.c
    is_it = f.fingerprint == fingerprint
    first, last = connection.execute(select(func.min(f.time), func.max(f.time)).where(is_it)).one()
    # Those of the latest time: all of the error would be sorted, which no index has in this order.
    query = select(*(f[name] for name in ErrorMessage._fields[:-2])).where(is_it, f.time == last)
    row = connection.execute(query.order_by(f.Id.desc()).limit(1)).first()
    if row is None:
        return None
    return ErrorMessage(*row)._replace(first=first, last=last)


def count_places(connection: Connection, wanted: ErrorFilter, fingerprint: str) -> ErrorPlaces:
    """Return where an error was, by its latest failures; repositories by all of them."""
    f, j = failures.c, jobs.c
    number = func.count(distinct(f.jobgitid)).label("number")
    is_it = f.fingerprint == fingerprint
    by_repo = narrow(select(f.repoid, number), wanted).where(is_it).group_by(f.repoid)
    repositories = [
        (repoid, int(count))
        for repoid, count in connection.execute(by_repo.order_by(number.desc(), f.repoid))
    ]
    # The latest ones by their index, then their jobs: a server would sort all with their jobs.
    listed = narrow(select(f.provider, f.jobgitid, f.time, f.Id), wanted).where(is_it)
    listed = listed.order_by(f.time.desc(), f.Id.desc()).limit(MOST_PLACES + 1)
    latest = listed.subquery("latest")
    its_job = (j.provider == latest.c.provider) & (j.gitid == latest.c.jobgitid)
    query = select(latest.c.jobgitid, j.workflowname, j.name, j.runnername, j.branchname)
    query = query.select_from(latest.outerjoin(jobs, its_job))
    rows = connection.execute(query.order_by(latest.c.time.desc(), latest.c.Id.desc())).all()
    shown = list({row.jobgitid: row for row in rows[:MOST_PLACES]}.values())
    workflows, names, runners, branches = (
        count_names(row[at] for row in shown) for at in range(1, 5)
    )
    is_whole = len(rows) <= MOST_PLACES
    return ErrorPlaces(repositories, workflows, names, runners, branches, is_whole)


def count_names(names: Iterable[str | None]) -> list[PlaceCount]:
    """Return how often each known name occurs, the most frequent first."""
    listed = [name for name in names if name]
    return [PlaceCount(name, listed.count(name)) for name in often(listed)]


def list_error_runs(
    connection: Connection, wanted: ErrorFilter, fingerprint: str, most: int, skip: int = 0
) -> list[ErrorRun]:
    """Return the runs in which an error was, the latest first."""
    f, run = failures.c, workflowruns.c
    time, number = func.max(f.time).label("time"), func.count(distinct(f.jobgitid)).label("jobs")
    parts = select(f.provider, f.rungitid, func.min(f.repoid).label("repoid"), number, time)
    part = narrow(parts, wanted).where(f.fingerprint == fingerprint, f.rungitid.is_not(None))
    part = part.group_by(f.provider, f.rungitid).order_by(time.desc(), f.rungitid.desc())
    listed = part.limit(most).offset(skip).subquery("listed")
    same = (run.provider == listed.c.provider) & (run.gitid == listed.c.rungitid)
    names = (run.repo, run.workflowname, run.runnumber, run.branchname, run.commithash, run.url)
    query = select(listed, *names).outerjoin(workflowruns, same)
    rows = connection.execute(query.order_by(listed.c.time.desc(), listed.c.rungitid.desc()))
    return [ErrorRun(*row) for row in rows]


def list_same_runs(
    connection: Connection, fingerprint: str, runs: Iterable[RunKey], most: int
) -> list[NearbyError]:
    """Return other errors of some runs, that of most jobs first; none that says nothing."""
    f = failures.c
    says = or_(f.kind.is_(None), f.kind != VAGUE) & f.fingerprint.not_in((*EXIT_CODES, fingerprint))
    errors: dict[str, NearbyError] = {}
    for provider, numbers in by_scope(runs):
        query = select(f.fingerprint, func.max(f.message), func.count(distinct(f.jobgitid)))
        query = query.add_columns(func.min(f.kind)).where(
            f.provider == provider, f.rungitid.in_(numbers), says
        )
        for row in connection.execute(query.group_by(f.fingerprint)):
            known = errors.get(row[0])
            errors[row[0]] = NearbyError(
                row[0], row[1], row[2] + (known.jobs if known else 0), row[3]
            )
    return sorted(errors.values(), key=by_jobs)[:most]


def list_same_problem(
    connection: Connection, wanted: ErrorFilter, error: ErrorMessage, most: int
) -> list[NearbyError]:
    """Return the errors that are the same problem in other tests, that of most jobs first."""
    if error.problem is None:
        return []
    f = failures.c
    number = func.count(distinct(f.jobgitid)).label("number")
    query = select(f.fingerprint, func.max(f.message), number).where(
        f.problem == error.problem, f.fingerprint != error.fingerprint,
        f.time >= wanted.since, f.time < wanted.until,
    )  # fmt: skip
    rows = connection.execute(
        query.group_by(f.fingerprint).order_by(number.desc(), f.fingerprint).limit(most)
    )
    return [NearbyError(*row) for row in rows]


def list_similar(
    connection: Connection, error: ErrorMessage, repoid: int, most: int
) -> list[NearbyError]:
    """Return errors of one repository whose masked words are much alike, the nearest first.

    Like words are no identity: nobody counts by them.
    """
    f = failures.c
    query = select(f.fingerprint, func.max(f.Id).label("latest")).where(f.repoid == repoid)
    query = query.where(f.fingerprint.is_not(None), f.fingerprint != error.fingerprint)
    latest = query.group_by(f.fingerprint).order_by(func.max(f.Id).desc()).limit(CANDIDATES)
    chosen = latest.subquery("chosen")
    rows = connection.execute(
        select(f.fingerprint, f.message, f.masked).join(chosen, f.Id == chosen.c.latest)
    )
    own = (error.masked or "")[:LONGEST]
    matcher = difflib.SequenceMatcher(None, b=own, autojunk=False)
    alike = list[NearbyError]()
    for row in rows:
        matcher.set_seq1((row.masked or "")[:LONGEST])
        bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
        if row.masked and own and all(bound() >= SIMILAR for bound in bounds):
            percent = int(matcher.ratio() * 100)
            alike.append(NearbyError(row.fingerprint, row.message, 0, percent=percent))
    return sorted(alike, key=lambda error: (-(error.percent or 0), error.fingerprint))[:most]


def by_jobs(error: NearbyError) -> tuple[int, str]:
    """Return what errors are sorted by."""
    return -error.jobs, error.fingerprint
