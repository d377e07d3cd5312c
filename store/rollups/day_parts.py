"""Count the parts of a day that pages ask for over all repositories: a row for each.

The runs and jobs of one workflow's name, of jobs of one name, or of a branch of BRANCHES, in the
form of store.rollups.days, event by event. And for each repository, or ALL, how its jobs ended,
and when they turned on the default branch (JobEnds and JobTurns of store.rollups.figures).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, case, func, select

from engines.column_types import exact
from rows.words import workflow_key
from schema.tables.ci import jobs, workflowruns
from store.rollups.days import DayDetail, DaySums, JobCount
from store.rollups.durations import (
    RUN_OF_JOB,
    SPANS,
    WORKFLOW,
    WORKFLOW_NAME,
    JobFilter,
    jobs_in,
)
from store.rollups.figures import DayFigures

BRANCHES = ("main", "master", "develop", "trunk")
"""Those that many repositories have; what another did is in few rows."""

WORKFLOW_PART, JOB_PART, BRANCH_PART = "workflow", "job", "branch"
ENDS_PART, TURNS_PART = "ends", "turns"
Parts = defaultdict[str, defaultdict[str, DaySums]]
"""By what `name_part` returns, and by event, empty where it is not known."""


def name_part(kind: str, name: str | int) -> str:
    """Return what stands for a part: as long for any name, and the same without regard to case."""
    own = name if kind == BRANCH_PART else str(name).casefold()
    return hashlib.sha256(f"{kind} {own}".encode()).hexdigest()


def find_part(span: JobFilter) -> str | None:
    """Return the part that has all that is asked for, None where none has."""
    named = {WORKFLOW_PART: span.workflow, JOB_PART: span.job, BRANCH_PART: span.branch}
    chosen = [(kind, name) for kind, name in named.items() if name is not None]
    if len(chosen) != 1 or span.repoid is not None or span.repoids is not None:
        return None
    kind, name = chosen[0]
    return name_part(kind, name) if kind != BRANCH_PART or name in BRANCHES else None


def from_text(text: str, event: str | None) -> list[DayDetail]:
    """Return the details of a part, of each of its events or of one alone."""
    return [
        DayDetail(*tables)
        for name, tables in orjson.loads(text).items()
        if event is None or name.casefold() == event.casefold()
    ]


def count_parts(
    connection: Connection, begin: datetime, end: datetime, told: Mapping[int, DayFigures]
) -> dict[tuple[str], dict[str, Any]]:
    """Return the rows of a day by part, without `begintime`; `told` are its figures."""
    parts: Parts = defaultdict(lambda: defaultdict(DaySums))
    add_runs(connection, begin, end, parts)
    add_jobs(connection, begin, end, parts)
    add_spans(connection, begin, end, parts)
    texts = {
        part: orjson.dumps({event: sums.tables() for event, sums in sorted(events.items())})
        for part, events in parts.items()
    }
    for number, day in told.items():
        if day.ends:
            texts[name_part(ENDS_PART, number)] = orjson.dumps(day.ends)
        if day.turns.red or day.turns.green:
            texts[name_part(TURNS_PART, number)] = orjson.dumps(day.turns)
    return {(part,): {"detail": text.decode()} for part, text in texts.items()}


def branch_of(row: Any) -> Any:
    """Return a column that has the branch, where it is one of BRANCHES."""
    return case((row.branchname.in_(BRANCHES), row.branchname)).label("branch")


def list_parts(parts: Parts, event: str | None, names: Sequence[str | None]) -> Iterator[DaySums]:
    """Yield where is counted what a workflow, a job and a branch of these names have."""
    for kind, name in zip((WORKFLOW_PART, JOB_PART, BRANCH_PART), names, strict=True):
        if name is not None:
            yield parts[name_part(kind, name)][event or ""]


def add_runs(connection: Connection, begin: datetime, end: datetime, parts: Parts) -> None:
    """Count the runs created in a span, by system and conclusion."""
    run, branch = workflowruns.c, branch_of(workflowruns.c)
    within = (run.createtime >= begin, run.createtime < end)
    by = (run.os, run.conclusion, run.event)
    query = select(*by, run.workflowname, branch, func.count()).where(*within)
    for system, conclusion, event, flow, on, number in connection.execute(
        query.group_by(*by, run.workflowname, "branch")
    ):
        for sums in list_parts(parts, event, (flow, None, on)):
            sums.add("runs", JobCount(system, conclusion, number, 0.0))
    query = select(*by, jobs.c.name, func.count(run.Id.distinct())).where(*within)
    query = query.join_from(workflowruns, jobs, RUN_OF_JOB).group_by(*by, jobs.c.name)
    for system, conclusion, event, name, number in connection.execute(query):
        for sums in list_parts(parts, event, (None, name, None)):
            sums.add("runs", JobCount(system, conclusion, number, 0.0))


def add_jobs(connection: Connection, begin: datetime, end: datetime, parts: Parts) -> None:
    """Count the jobs that ran by all that pages count them by."""
    job, run, branch = jobs.c, workflowruns.c, branch_of(jobs.c)
    by = (job.workflowname, exact(job.name), job.os, run.event, run.provider, *WORKFLOW)
    query = select(
        *by, branch, func.max(WORKFLOW_NAME), func.count(), func.sum(job.runtime)
    ).join_from(jobs, workflowruns, RUN_OF_JOB, isouter=True)  # fmt: skip
    query = query.where(*jobs_in(JobFilter((begin, end))), job.runtime.is_not(None))
    for row in connection.execute(query.group_by(*by, "branch")):
        flow, name, system, event, provider, repoid, gitid, _, on, called, number, seconds = row
        counts: dict[str, str | int | None] = {"jobs": None, "job": name, "repository": repoid}
        if provider is not None:  # its run is known
            key = (repoid, workflow_key(gitid, called), called)
            counts |= {"event": event, "workflow": orjson.dumps(key).decode()}
        for sums in list_parts(parts, event, (flow, name, on)):
            for subject, what in counts.items():
                sums.add(subject, JobCount(system, what, number, float(seconds)))


def add_spans(connection: Connection, begin: datetime, end: datetime, parts: Parts) -> None:
    """Count how long the jobs waited and ran."""
    job, branch = jobs.c, branch_of(jobs.c)
    for subject, span in SPANS.items():
        by = (job.workflowname, job.name, job.os, workflowruns.c.event)
        query = select(*by, branch, span.column.label("seconds"), func.count())
        query = query.join_from(jobs, workflowruns, RUN_OF_JOB, isouter=True)
        query = query.where(*jobs_in(JobFilter((begin, end))), *span.conditions)
        for flow, name, system, event, on, seconds, number in connection.execute(
            query.group_by(*by, "branch", "seconds")
        ):
            for sums in list_parts(parts, event, (flow, name, on)):
                sums.add_span(subject, system, float(seconds), number)
