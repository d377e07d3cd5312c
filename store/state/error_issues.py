"""Issues that carry an error's fingerprint: for which errors to look next, and what was found."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, case, distinct, func, or_, select

from engines.chunks import chunks
from engines.transaction import transact
from schema.tables.failures import errorissues, failures
from store.write.upsert import put_rows

LATELY = timedelta(days=7)
AGAIN = timedelta(hours=12)
SOON, DAY = timedelta(minutes=30), timedelta(days=1)
"""An error of the last DAY without an issue is looked for so soon again: somebody may open one."""
NONE = "[]"


class ErrorIssue(NamedTuple):
    """An issue of a repository; `state` is open or closed."""

    number: int
    title: str
    state: str
    url: str


class SoughtError(NamedTuple):
    """An error of a repository, whose issues are to be looked for."""

    repoid: int
    fingerprint: str


def list_due(
    connection: Connection, repoids: Collection[int], now: datetime, most: int
) -> list[SoughtError]:
    """Return errors of the last days whose issues were not looked for lately.

    Those that were never looked for first, of most jobs first; then the longest ago.
    Only known causes: an issue about an exit code is about nothing.
    """
    f, searched = failures.c, errorissues.c
    same = and_(searched.repoid == f.repoid, searched.fingerprint == f.fingerprint)
    jobs, last = func.count(distinct(f.jobgitid)), func.max(searched.searchtime)
    seen = func.max(f.time)
    is_none = func.coalesce(func.max(searched.issues), NONE) == NONE
    query = (
        select(f.repoid, f.fingerprint)
        .select_from(failures.outerjoin(errorissues, same))
        .where(f.fingerprint.is_not(None), f.kind == "cause", f.time >= now - LATELY)
        .where(f.repoid.in_(repoids))
        .where(or_(searched.Id.is_(None), searched.searchtime < now - SOON))
        .group_by(f.repoid, f.fingerprint)
        .having(or_(last.is_(None), last < now - AGAIN, and_(is_none, seen >= now - DAY)))
        .order_by(case((last.is_(None), 0), else_=1), last, jobs.desc(), f.fingerprint)
    )
    return [SoughtError(*row) for row in connection.execute(query.limit(most))]


def store_issues(
    engine: Engine, error: SoughtError, issues: Sequence[ErrorIssue], now: datetime
) -> None:
    """Store what was found of an error, in place of what was there. Raises DBAPIError."""
    listed = json.dumps([issue._asdict() for issue in issues])
    row = {**error._asdict(), "issues": listed, "searchtime": now}
    transact(engine, lambda connection: put_rows(connection, errorissues, [row]))


def list_issues(connection: Connection, fingerprint: str) -> list[ErrorIssue]:
    """Return the issues that carry a fingerprint, open ones first."""
    return read_issues(connection, [fingerprint]).get(fingerprint, [])


def read_issues(connection: Connection, fingerprints: Iterable[str]) -> dict[str, list[ErrorIssue]]:
    """Return the issues that carry fingerprints, open ones first, by fingerprint."""
    row = errorissues.c
    query = select(row.fingerprint, row.issues).order_by(row.repoid)
    issues: dict[str, list[ErrorIssue]] = defaultdict(list)
    for part in chunks(sorted(set(fingerprints))):
        for fingerprint, text in connection.execute(query.where(row.fingerprint.in_(part))):
            issues[fingerprint] += [ErrorIssue(**issue) for issue in json.loads(text or "[]")]
    for listed in issues.values():
        listed.sort(key=lambda issue: (issue.state != "open", -issue.number))
    return issues
