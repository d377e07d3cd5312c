"""Which failures an error is counted in: a filter, and its conditions over `failures`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, literal, or_, select

from rows.fingerprint import fingerprints_of
from schema.tables.ci import jobs
from schema.tables.failures import failures
from store.name_parts import has_part

CAUSE, END, VAGUE = "cause", "end", "vague"
KINDS = (CAUSE, END, VAGUE)
EXIT_CODES = tuple(  # of every revision
    f"{revision}:{fingerprints_of(text).fingerprint.partition(':')[2]}"
    for text in (
        "Process completed with exit code 1.",
        "Error: Process completed with exit code 1.",
    )
    for revision in range(1, int(fingerprints_of(text).fingerprint.partition(":")[0]) + 1)
)
"""Of 137, too, which may be a cause: what is masked does not tell it from 1."""
SAYS_NOTHING = (
    "Process completed with exit code%",
    "Error: Process completed with exit code%",
    "%make%: *** [%",
    "The process '%' failed with exit code %",
    "Error: The process '%' failed with exit code %",
    "error Command failed with exit code%",
    "BUILD FAIL%",
    "FAILURE: Build failed%",
    "npm ERR! code ELIFECYCLE%",
)
"""What vague messages begin with, for those of an earlier release, which kept no kind."""

JOB = failures.c.jobgitid * 1024 + failures.c.repoid.bitwise_and(1023)
"""A job in one number: ids are a server's own, and two servers may give one."""


class ErrorFilter(NamedTuple):
    """Which failures count; None means any. The span is half open, `text` part of a message.

    Of workflow, job, branch and runner a part is enough, unless it stands in "quotes".

    `kind`: one of KINDS, empty for all. `is_new`: only errors that nothing older in the store has.
    `fingerprints`: only these errors.
    """

    since: datetime
    until: datetime
    repoids: Sequence[int] | None = None
    workflow: str | None = None
    job: str | None = None
    branch: str | None = None
    runner: str | None = None
    text: str | None = None
    problem: str | None = None
    kind: str = CAUSE
    is_new: bool = False
    fingerprints: Sequence[str] | None = None


def conditions_of(wanted: ErrorFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on failures, and on jobs where those are asked for."""
    f = failures.c
    conditions = [f.fingerprint.is_not(None), f.time >= wanted.since, f.time < wanted.until]
    if wanted.kind == CAUSE:
        conditions += [or_(f.kind == CAUSE, f.kind.is_(None)), f.fingerprint.not_in(EXIT_CODES)]
    elif wanted.kind == VAGUE:
        conditions.append(or_(f.kind == VAGUE, f.fingerprint.in_(EXIT_CODES)))
    elif wanted.kind:
        conditions.append(f.kind == wanted.kind)
    if wanted.repoids is not None:
        conditions.append(f.repoid.in_(wanted.repoids))
    if wanted.fingerprints is not None:
        conditions.append(f.fingerprint.in_(wanted.fingerprints))
    if wanted.problem is not None:
        conditions.append(f.problem == wanted.problem)
    if wanted.text is not None:
        conditions.append(f.fingerprint.in_(select_said(wanted, wanted.text)))
    asked = {
        jobs.c.workflowname: wanted.workflow,
        jobs.c.name: wanted.job,
        jobs.c.branchname: wanted.branch,
        jobs.c.runnername: wanted.runner,
    }
    return conditions + [has_part(column, part) for column, part in asked.items() if part]


def select_said(wanted: ErrorFilter, text: str) -> Select[Any]:
    """Return the SELECT of the errors of a span that have a text in any of their messages."""
    f = failures.c
    holds = f.message.contains(text, autoescape=True)
    span = (f.time >= wanted.since, f.time < wanted.until)
    # The span first: MySQL compares as written, and a text is dearer than a time.
    return select(f.fingerprint).where(*span, holds)


def asks_jobs(wanted: ErrorFilter) -> bool:
    """Tell whether a filter asks for what only the job of a failure tells."""
    return any((wanted.workflow, wanted.job, wanted.branch, wanted.runner))


def narrow(query: Select[Any], wanted: ErrorFilter) -> Select[Any]:
    """Narrow a SELECT over failures to those of a filter, with jobs where it asks for them."""
    if asks_jobs(wanted):
        query = join_jobs(query)
    return query.where(*conditions_of(wanted))


def select_kinds(wanted: ErrorFilter, *parts: ColumnElement[Any]) -> Select[Any]:
    """Return the SELECT of each kind that is never ranked: in how many jobs it is, in parts."""
    f = failures.c
    kind = case((f.fingerprint.in_(EXIT_CODES), VAGUE), else_=f.kind).label("kind")
    query = narrow(select(kind, func.count(distinct(JOB)), *parts), wanted._replace(kind=""))
    unranked = or_(f.kind.in_((END, VAGUE)), f.fingerprint.in_(EXIT_CODES))
    return query.where(unranked).group_by(kind, *parts)


def join_jobs(query: Select[Any]) -> Select[Any]:
    """Add the job that a failure is of."""
    same = and_(jobs.c.provider == failures.c.provider, jobs.c.gitid == failures.c.jobgitid)
    return query.select_from(failures).join(jobs, same)


def span_number(borders: Sequence[datetime]) -> Any:
    """Return the expression of which span of the borders a failure's time is in, 0 the first.

    Of one span, too, it is none of constants alone, by which no server groups.
    """
    if len(borders) <= 2:
        return case((failures.c.time < borders[0], -1), else_=0)
    return halve_spans(borders, 0, len(borders) - 1)


def halve_spans(borders: Sequence[datetime], low: int, high: int) -> Any:
    """Return it by halving the borders at each step, so that many cost little."""
    if high - low <= 1:
        return literal(low)
    middle = (low + high) // 2
    return case(
        (failures.c.time < borders[middle], halve_spans(borders, low, middle)),
        else_=halve_spans(borders, middle, high),
    )
