"""Which runs a filter leaves, as conditions of a SELECT."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, not_, or_, select

from rows.words import COMPLETED, FAILED
from schema.tables.ci import jobs, workflowruns, workflows
from schema.tables.failures import failures
from store.name_parts import has_part, has_words

WHOLE = (40, 64)
"""Characters of a whole commit hash: SHA-1, SHA-256."""


class RunFilter(NamedTuple):
    """Which runs to list; None means any. `author` is the actor's login.

    `head`: where their commit is from, `own` for the repository itself, `forks`, or a full name.
    `workflow`: what their workflow is called, now or when they ran; `workflowgitid`: its id.
    Of workflow, branch, event and author a part is enough, unless it stands in "quotes"; of a
    commit its beginning. `words`: a part of the title, or of a job's name or error.
    `repoids`: any of these, all when empty.
    """

    repoids: tuple[int, ...] = ()
    workflow: str | None = None
    branch: str | None = None
    event: str | None = None
    conclusion: str | None = None
    author: str | None = None
    commit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    head: str | None = None
    workflowgitid: int | None = None
    words: str | None = None


def conditions_of(wanted: RunFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a list of runs."""
    table = workflowruns.c
    parts = {
        table.branchname: wanted.branch,
        table.event: wanted.event,
        table.author: wanted.author,
    }
    conditions = [has_part(column, value) for column, value in parts.items() if value is not None]
    if wanted.workflowgitid is not None:
        conditions.append(table.workflowgitid == wanted.workflowgitid)
    if wanted.commit is not None:
        sha = wanted.commit.lower()
        begin = table.commithash.startswith(sha, autoescape=True)
        conditions.append(table.commithash == sha if len(sha) in WHOLE else begin)
    if wanted.words is not None:
        conditions.append(says(wanted.words))
    if wanted.repoids:
        conditions.append(table.repoid.in_(wanted.repoids))
    if wanted.workflow is not None:
        conditions.append(is_called(wanted.workflow))
    if wanted.conclusion == "failed":
        conditions.append(table.conclusion.in_(FAILED))
    elif wanted.conclusion == "running":
        conditions.append(and_(table.conclusion.is_(None), table.status != COMPLETED))
    elif wanted.conclusion is not None:
        conditions.append(table.conclusion == wanted.conclusion)
    if wanted.head in ("own", "forks"):
        is_own = table.headrepo.is_(None)
        conditions.append(is_own if wanted.head == "own" else not_(is_own))
    elif wanted.head is not None:
        conditions.append(table.headrepo == wanted.head)
    if wanted.since is not None:
        conditions.append(table.createtime >= wanted.since)
    if wanted.until is not None:
        conditions.append(table.createtime < wanted.until)
    return conditions


def is_called(workflow: str) -> ColumnElement[bool]:
    """Return the condition of runs whose workflow was called so when they ran, or is today."""
    run, today = workflowruns.c, workflows.c
    same = (today.provider == run.provider, today.gitid == run.workflowgitid)
    renamed = select(today.Id).where(*same, has_part(today.name, workflow))
    return or_(has_part(run.workflowname, workflow), renamed.exists())


def says(words: str) -> ColumnElement[bool]:
    """Return the condition of runs with words in their title, or in a job's name or error."""
    run, job, failure = workflowruns.c, jobs.c, failures.c
    named = select(job.Id).where(job.provider == run.provider, job.rungitid == run.gitid)
    failed = select(failure.Id).where(
        failure.provider == run.provider, failure.rungitid == run.gitid
    )
    return or_(
        has_words(run.title, words),
        named.where(has_words(job.name, words)).exists(),
        failed.where(has_words(failure.message, words)).exists(),
    )
