"""The runs of a branch over all repositories, by an index that begins with the repository."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from schema.tables.ci import repos, workflowruns

RUN_AGAIN = timedelta(days=65)
"""So old is a run at most whose jobs begin, unless it says that it changed later: GitHub runs one
again for 30 days, and ends it after 35.
"""


def of_any_repository() -> ColumnElement[bool]:
    """Return a condition that all runs fulfil, so that the index of branches serves."""
    known: ColumnElement[bool] = workflowruns.c.repoid.in_(select(repos.c.Id))
    return known


def runs_of_branch(branch: str, borders: Sequence[datetime]) -> Select[Any]:
    """Return the keys of the runs of a branch that may have jobs between borders.

    They lead to few jobs, where no index of jobs begins with the branch.
    """
    run, begin = workflowruns.c, borders[0]
    return select(run.provider, run.gitid).where(
        of_any_repository(),
        run.branchname == branch,
        run.createtime < borders[-1],
        or_(run.createtime >= begin - RUN_AGAIN, run.updatetime >= begin),
    )
