"""All that the page Time tells of a span's jobs, by one statement, which looks them up once.

`store.rollups.durations` asks for each part of it by a statement of its own.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)

from engines.column_types import exact
from schema.tables.ci import jobs, workflowruns
from store.rollups.durations import (
    RUN_OF_JOB,
    SORTS,
    SPANS,
    WORKFLOW_NAME,
    DaySpan,
    JobFilter,
    JobShare,
    day_number,
    jobs_in,
)

ONCE = "/*+ NO_MERGE(told) */"
"""MySQL, which else looks the jobs up for each part."""
WHOLE = "whole"
PARTS = (*SORTS, *SPANS, WHOLE)
"""Of the statement: a line has the place of its part."""


class JobCounts(NamedTuple):
    """How long jobs waited and ran, by SPANS; their shares, by SORTS; all of them together."""

    spans: dict[str, list[DaySpan]]
    shares: dict[str, list[JobShare]]
    whole: JobShare


def count_jobs(connection: Connection, span: JobFilter) -> JobCounts:
    """Return all that is told of the jobs of a span."""
    lines: dict[str, list[Any]] = {name: [] for name in PARTS}
    for place, *line in connection.execute(union_all(*list_parts(tell_jobs(span)))).all():
        lines[PARTS[place]].append(line)
    spans = {
        subject: [DaySpan(day, int(length), number) for day, _, _, number, length in lines[subject]]
        for subject in SPANS
    }
    shares = {by: list_shares(by, lines[by]) for by in SORTS}
    ((*_, number, seconds),) = lines[WHOLE]
    return JobCounts(spans, shares, JobShare(None, number, seconds or 0.0))


def list_shares(by: str, lines: Iterable[Sequence[Any]]) -> list[JobShare]:
    """Return the shares of one of SORTS, with the most run time first."""
    sort = SORTS[by]
    shares = (
        JobShare(name, number, seconds, sort.key(ids, name))
        for *ids, name, number, seconds in lines
    )
    return sorted(shares, key=lambda share: (-share.seconds, share.name or ""))


def tell_jobs(span: JobFilter) -> CTE:
    """Return what is asked of each job of a span."""
    job, run = jobs.c, workflowruns.c
    lengths = (case((and_(*one.conditions), one.column)).label(by) for by, one in SPANS.items())
    query = select(
        day_number(job.createtime, span.borders).label("day"), job.os, job.repoid, job.repo,
        job.name, job.runtime, run.Id.label("run"), run.event, run.workflowgitid,
        WORKFLOW_NAME.label("flow"), *lengths,
    )  # fmt: skip
    query = query.select_from(jobs.outerjoin(workflowruns, RUN_OF_JOB)).where(*jobs_in(span))
    return query.cte("told")


def list_parts(told: CTE) -> list[Select[Any]]:
    """Return the parts of the statement: two ids, or a day, then a name, jobs, and seconds.

    The first one has a value in each column, by which PostgreSQL knows their types.
    """
    job, nothing = told.c, null()
    ran, of_run = job.runtime.is_not(None), job.run.is_not(None)
    no_id = case((job.workflowgitid.is_(None), job.flow))

    def part(name: str, columns: Sequence[Any], by: Sequence[Any], *where: Any) -> Select[Any]:
        *ids, seconds = columns if name in SPANS else (*columns, func.sum(job.runtime))
        query = select(literal(PARTS.index(name)), *ids, func.count(), seconds)
        return query.where(*where).group_by(*by).prefix_with(ONCE, dialect="mysql")

    flow = (job.repoid, job.workflowgitid)
    return [
        part("workflow", (*flow, func.max(job.flow)), (*flow, no_id), ran, of_run),
        part("event", (nothing, nothing, job.event), (job.event,), ran, of_run),
        part("repository", (job.repoid, nothing, func.max(job.repo)), (job.repoid,), ran),
        part("job", (nothing, nothing, exact(job.name)), (exact(job.name),), ran),
        part("os", (nothing, nothing, job.os), (job.os,), ran),
        part(WHOLE, (nothing, nothing, nothing), (), ran),
        *(
            part(by, (job.day, nothing, nothing, job[by]), (job.day, job[by]), job[by].is_not(None))
            for by in SPANS
        ),
    ]
