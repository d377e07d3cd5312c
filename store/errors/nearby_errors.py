"""Named SELECTs for what failed beside an error: in its runs, of its problem, with like words."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, distinct, func, or_, select, union_all

from engines.chunks import by_scope
from rows.words import RunKey
from schema.tables.failures import failures
from store.errors.error_filter import EXIT_CODES, VAGUE, ErrorFilter
from store.errors.one_error import ErrorMessage

CANDIDATES = 1000
SIMILAR = 0.85
"""Twice what two masked texts have in common, by both their lengths: at 85 % another error's pairs
were right in nine of ten of 502 messages that were read."""
LONGEST = 600
"""Letters of a masked text that are compared."""


class NearbyError(NamedTuple):
    """Another error: of the same runs, the same night, the same problem, or with like words."""

    fingerprint: str
    message: str | None
    jobs: int
    kind: str | None = None
    percent: int | None = None


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
    query = select(f.fingerprint, number).group_by(f.fingerprint)
    query = query.where(f.problem == error.problem, f.time >= wanted.since, f.time < wanted.until)
    query = query.order_by(number.desc(), f.fingerprint).limit(most)
    # Before and after its own in the problem's index: those of the error itself are not read.
    beside = (f.fingerprint < error.fingerprint, f.fingerprint > error.fingerprint)
    others = [tuple(row) for each in beside for row in connection.execute(query.where(each))]
    jobs_of = dict(sorted(others, key=lambda other: (-other[1], other[0]))[:most])
    messages = read_latest(connection, wanted, list(jobs_of))
    return [NearbyError(name, messages.get(name), jobs) for name, jobs in jobs_of.items()]


def read_latest(
    connection: Connection, wanted: ErrorFilter, fingerprints: Sequence[str]
) -> dict[str, str | None]:
    """Return the latest messages of errors, in the days that are asked for."""
    f, latest = failures.c, list[Select[Any]]()
    for fingerprint in fingerprints:
        its = (f.fingerprint == fingerprint, f.time >= wanted.since, f.time < wanted.until)
        last = select(func.max(f.time)).where(*its).scalar_subquery()
        query = select(f.fingerprint, f.message).where(f.fingerprint == fingerprint, f.time == last)
        latest.append(select(query.order_by(f.Id.desc()).limit(1).subquery()))
    if not latest:
        return {}
    return {name: message for name, message in connection.execute(union_all(*latest))}


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
