"""The failures of days with the names of their jobs, by column: some 230 bytes for each."""

import bisect
from array import array
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from schema.tables.ci import jobs
from schema.tables.failures import failures
from store.errors.error_days import Span
from store.errors.error_filter import JOB, join_jobs

BY_TIME = itemgetter(0, 1)

ROW = 50
"""About the characters of what is kept of a failure, but for the names of its job: 200,000 take
46 MB, at five bytes for each that is counted."""


class DayFailures(NamedTuple):
    """A day's failures whose jobs are stored: columns in the order of their times.

    `errors` are fingerprints, `numbers` failures.Id, `jobs` a job's number in all of the store.
    """

    times: Sequence[datetime]
    numbers: Sequence[int]
    errors: Sequence[str]
    kinds: Sequence[str | None]
    jobs: Sequence[int]
    repoids: Sequence[int]
    workflows: Sequence[str | None]
    names: Sequence[str | None]
    runners: Sequence[str | None]
    branches: Sequence[str | None]


def read_failures(connection: Connection, spans: Sequence[Span]) -> dict[datetime, DayFailures]:
    """Read the failures, whose jobs are stored, of days that follow each other."""
    f, j = failures.c, jobs.c
    query = select(f.time, f.Id, f.fingerprint, f.kind, JOB, f.repoid)
    query = join_jobs(query.add_columns(j.workflowname, j.name, j.runnername, j.branchname))
    its = (f.fingerprint.is_not(None), f.time >= spans[0][0], f.time < spans[-1][1])
    begins = [begin for begin, _ in spans]
    rows: dict[datetime, list[Any]] = {begin: [] for begin in begins}
    for row in connection.execute(query.where(*its)):
        rows[begins[bisect.bisect(begins, row[0]) - 1]].append(row)
    return {begin: put_in_columns(own) for begin, own in rows.items()}


def put_in_columns(rows: list[Any]) -> DayFailures:
    """Return a day's failures by column."""
    if not rows:
        return DayFailures(*(() for _ in DayFailures._fields))
    times, numbers, errors, kinds, of_jobs, repoids, *names = zip(
        *sorted(rows, key=BY_TIME), strict=True
    )
    whole = (array("q", of_jobs), array("q", repoids))
    texts = (tuple(name and intern(name) for name in column) for column in (errors, kinds, *names))
    errors, kinds, *names = texts
    return DayFailures(times, array("q", numbers), errors, kinds, *whole, *names)


def size_of(day: DayFailures) -> int:
    """Return about how many characters a day's failures take."""
    names = {*day.workflows, *day.names, *day.runners, *day.branches}
    return ROW * len(day.times) + sum(len(name) for name in names if name)
