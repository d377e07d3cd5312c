"""Count the runs and jobs of one day, for each repository and for all (0)."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Select, case, func, null, select

from rows.words import OPEN
from schema.tables.ci import jobs, workflowruns
from store.rollups import figures, histogram
from store.rollups.durations import RUN_OF_JOB, SORTS, SPANS, JobFilter, jobs_in

ALL, UNKNOWN = 0, -1
NAMED = ("event", "workflow", "job")
"""What jobs are counted by, beside their runner system and repository."""

Values = dict[str, Any]


class JobCount(NamedTuple):
    """Runs or jobs that have something in common; `seconds` is their run time in all.

    `name` of a workflow: JSON of repos.Id, what it is known by there, and what it was called. One
    text, for a page adds up many thousands.
    """

    os: str | None
    name: str | int | None
    number: int
    seconds: float


class DayDetail(NamedTuple):
    """What is counted of a day, as it was stored: by subject, and by runner system.

    `counts` are the values of JobCount, `spans` histogram texts: a page reads thousands.
    """

    counts: dict[str, list[tuple[str | None, str | int | None, int, float]]]
    spans: dict[str, list[tuple[str | None, str]]]


class DaySums:
    """What is counted of one repository, or of all."""

    def __init__(self) -> None:
        self.own: Values = {"runs": 0, "open": 0, "newest": None, "changed": None}
        self.counts: dict[str, dict[Any, list[float]]] = defaultdict(dict)
        self.spans: dict[str, dict[str | None, Counter[int]]] = defaultdict(dict)

    def add(self, subject: str, counted: JobCount) -> None:
        """Add to what has the same runner system and name."""
        total = self.counts[subject].setdefault((counted.os, counted.name), [0, 0.0])
        total[0] += counted.number
        total[1] += counted.seconds

    def add_runs(self, runs: int, left: int, newest: datetime, changed: datetime | None) -> None:
        """Add what is said of all runs of a repository."""
        self.own["runs"] += runs
        self.own["open"] += left
        self.own["newest"] = latest(self.own["newest"], newest)
        self.own["changed"] = latest(self.own["changed"], changed)

    def add_span(self, subject: str, system: str | None, seconds: float, number: int) -> None:
        """Add spans of one length to the histogram of their runner system."""
        buckets = self.spans[subject].setdefault(system, Counter())
        buckets[histogram.bucket(seconds)] += number

    def values(self) -> Values:
        """Return the columns of the row."""
        counts = {
            subject: sorted(
                (
                    [os, name, int(number), round(seconds, 6)]
                    for (os, name), (number, seconds) in by.items()
                ),
                key=repr,
            )
            for subject, by in sorted(self.counts.items())
        }
        spans = {
            subject: sorted(
                ([os, histogram.as_text(buckets)] for os, buckets in by.items()), key=repr
            )
            for subject, by in sorted(self.spans.items())
        }
        detail = json.dumps([counts, spans], separators=(",", ":"), ensure_ascii=False)
        return {**self.own, "detail": detail}


RepoSums = defaultdict[int, DaySums]
"""By repository, ALL and UNKNOWN among them."""


def latest(first: datetime | None, second: datetime | None) -> datetime | None:
    """Return the later of two times that may not be known."""
    return max(filter(None, (first, second)), default=None)


def from_text(text: str) -> DayDetail:
    """Return a stored detail."""
    return DayDetail(*orjson.loads(text))


def count_day(connection: Connection, begin: datetime, end: datetime) -> dict[tuple[int], Values]:
    """Return the roll-up of a day by repository, without `begintime`."""
    sums: RepoSums = defaultdict(DaySums)
    add_runs(connection, begin, end, sums)
    add_jobs(connection, begin, end, sums)
    for number, own in list(sums.items()):
        if number != ALL:
            for (system, _), (count, seconds) in own.counts["jobs"].items():
                sums[ALL].add("repository", JobCount(system, number, int(count), seconds))
    told = figures.count_figures(connection, begin, end)
    return {
        (number,): {**sums[number].values(), "figures": figures.as_text(told.get(number, {}))}
        for number in sums.keys() | told.keys()
    }


def sums_for(sums: RepoSums, repoid: int | None) -> tuple[DaySums, DaySums]:
    """Return where what is counted of a repository is added: to all, and to its own."""
    return sums[ALL], sums[UNKNOWN if repoid is None else repoid]


def add_runs(connection: Connection, begin: datetime, end: datetime, sums: RepoSums) -> None:
    """Count the runs by system and conclusion."""
    run = workflowruns.c
    within = (run.createtime >= begin, run.createtime < end)
    query: Select[Any] = select(run.repoid, run.os, run.conclusion, func.count())
    query = query.where(*within).group_by(run.repoid, run.os, run.conclusion)
    for repoid, system, conclusion, number in connection.execute(query):
        for total in sums_for(sums, repoid):
            total.add("runs", JobCount(system, conclusion, number, 0.0))
    left = func.sum(case((run.status.in_(OPEN), 1), else_=0))
    query = select(
        run.repoid, func.count(), left, func.max(run.createtime), func.max(run.updatetime)
    )
    for repoid, runs, opened, newest, changed in connection.execute(
        query.where(*within).group_by(run.repoid)
    ):
        for total in sums_for(sums, repoid):
            total.add_runs(runs, int(opened), newest, changed)


def add_jobs(connection: Connection, begin: datetime, end: datetime, sums: RepoSums) -> None:
    """Count the jobs that ran by all that they are counted by, and their spans."""
    job = jobs.c
    within = jobs_in(JobFilter((begin, end)))
    figures = (func.count(), func.sum(job.runtime))
    for subject in ("jobs", *NAMED):
        sort = SORTS.get(subject)
        by = (job.repoid, job.os, *(sort.by if sort else ()))
        shown: Any = sort.name if sort else null()
        query: Select[Any] = select(*by, shown, *figures).select_from(jobs).group_by(*by)
        if sort and sort.of_run:
            query = query.join(workflowruns, RUN_OF_JOB)
        query = query.where(*within, job.runtime.is_not(None))
        for repoid, system, *values, name, number, seconds in connection.execute(query):
            key = sort.key(values, name) if sort else None
            shown = json.dumps((*key, name), ensure_ascii=False) if key else name
            counted = JobCount(system, shown, number, float(seconds))
            for total in sums_for(sums, repoid):
                total.add(subject, counted)
    for subject, span in SPANS.items():
        length = span.column.label("seconds")
        query = select(job.repoid, job.os, length, func.count()).where(*within, *span.conditions)
        rows = connection.execute(query.group_by(job.repoid, job.os, length))
        for repoid, system, seconds, number in rows:
            for total in sums_for(sums, repoid):
                total.add_span(subject, system, float(seconds), number)
