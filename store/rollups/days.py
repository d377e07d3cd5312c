"""Count the runs and jobs of one day, for each repository and for all (0)."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
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
        self.events: defaultdict[str, DaySums] = defaultdict(DaySums)
        """The same of the runs of each event alone."""

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
        events = {event: sums.tables() for event, sums in sorted(self.events.items())}
        return {**self.own, "detail": f"{as_text(self.tables())}\n{as_text(events)}"}

    def tables(self) -> list[Any]:
        """Return what is stored: counts and spans."""
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
        return [counts, spans]


RepoSums = defaultdict[int, DaySums]
"""By repository, ALL and UNKNOWN among them."""


def latest(first: datetime | None, second: datetime | None) -> datetime | None:
    """Return the later of two times that may not be known."""
    return max(filter(None, (first, second)), default=None)


def as_text(tables: Any) -> str:
    """Return tables as they are stored, in one line."""
    return json.dumps(tables, separators=(",", ":"), ensure_ascii=False)


def from_text(text: str, event: str | None = None) -> DayDetail:
    """Return a stored detail: its first line, or of the second what is of an event alone."""
    first, _, second = text.partition("\n")
    if event is None:
        return DayDetail(*orjson.loads(first))
    events = {name.casefold(): tables for name, tables in orjson.loads(second or "{}").items()}
    return DayDetail(*events.get(event.casefold(), ({}, {})))


def count_day(
    connection: Connection, begin: datetime, end: datetime, told: Mapping[int, figures.DayFigures]
) -> dict[tuple[int], Values]:
    """Return the roll-up of a day by repository, without `begintime`; `told` are its figures."""
    sums: RepoSums = defaultdict(DaySums)
    add_runs(connection, begin, end, sums)
    add_jobs(connection, begin, end, sums)
    for number, own in list(sums.items()):
        if number != ALL:
            count_repository(number, own, sums[ALL])
            for event, part in own.events.items():
                count_repository(number, part, sums[ALL].events[event])
    return {
        (number,): {
            **sums[number].values(),
            "figures": figures.as_text(told.get(number, figures.DayFigures())),
        }
        for number in sums.keys() | told.keys()
    }


def count_repository(number: int, own: DaySums, whole: DaySums) -> None:
    """Add the jobs of a repository to the whole, by its number."""
    for (system, _), (count, seconds) in own.counts["jobs"].items():
        whole.add("repository", JobCount(system, number, int(count), seconds))


def sums_for(sums: RepoSums, repoid: int | None, event: str | None) -> list[DaySums]:
    """Return where what is counted is added: to all, to its repository's, to those of its event."""
    both = [sums[ALL], sums[UNKNOWN if repoid is None else repoid]]
    return both if event is None else [*both, *(one.events[event] for one in both)]


def add_runs(connection: Connection, begin: datetime, end: datetime, sums: RepoSums) -> None:
    """Count the runs by system and conclusion."""
    run = workflowruns.c
    within = (run.createtime >= begin, run.createtime < end)
    by: Any = (run.repoid, run.os, run.conclusion, run.event)
    query: Select[Any] = select(*by, func.count()).where(*within).group_by(*by)
    for repoid, system, conclusion, event, number in connection.execute(query):
        for total in sums_for(sums, repoid, event):
            total.add("runs", JobCount(system, conclusion, number, 0.0))
    left = func.sum(case((run.status.in_(OPEN), 1), else_=0))
    query = select(
        run.repoid, func.count(), left, func.max(run.createtime), func.max(run.updatetime)
    )
    for repoid, runs, opened, newest, changed in connection.execute(
        query.where(*within).group_by(run.repoid)
    ):
        for total in sums_for(sums, repoid, None):
            total.add_runs(runs, int(opened), newest, changed)


def add_jobs(connection: Connection, begin: datetime, end: datetime, sums: RepoSums) -> None:
    """Count the jobs that ran by all that they are counted by, and their spans."""
    job = jobs.c
    within = jobs_in(JobFilter((begin, end)))
    figures = (func.count(), func.sum(job.runtime))
    for subject in ("jobs", *NAMED):
        sort = SORTS.get(subject)
        by = (job.repoid, job.os, workflowruns.c.event, *(sort.by if sort else ()))
        shown: Any = sort.name if sort else null()
        query: Select[Any] = select(*by, shown, *figures).select_from(jobs).group_by(*by)
        query = query.join(workflowruns, RUN_OF_JOB, isouter=not (sort and sort.of_run))
        query = query.where(*within, job.runtime.is_not(None))
        for repoid, system, event, *values, name, number, seconds in connection.execute(query):
            key = sort.key(values, name) if sort else None
            shown = json.dumps((*key, name), ensure_ascii=False) if key else name
            counted = JobCount(system, shown, number, float(seconds))
            for total in sums_for(sums, repoid, event):
                total.add(subject, counted)
    for subject, span in SPANS.items():
        length = span.column.label("seconds")
        by = (job.repoid, job.os, workflowruns.c.event, length)
        query = select(*by, func.count()).join_from(jobs, workflowruns, RUN_OF_JOB, isouter=True)
        rows = connection.execute(query.where(*within, *span.conditions).group_by(*by))
        for repoid, system, event, seconds, number in rows:
            for total in sums_for(sums, repoid, event):
                total.add_span(subject, system, float(seconds), number)
