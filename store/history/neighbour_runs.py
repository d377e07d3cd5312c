"""The runs of a workflow's branch before and after one, and how long such runs take."""

from statistics import median
from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from rows.words import SUCCESS
from schema.tables.ci import workflowruns
from store.reads.runs import Run

COUNTED, LEAST = 20, 3
"""Of how many runs before a usual time is told; of fewer than the second it is none."""


class Neighbour(NamedTuple):
    """A run to go to."""

    provider: str
    gitid: int
    runnumber: int | None


class Neighbours(NamedTuple):
    """What was before and after a run, and the median seconds of good ones before it."""

    before: Neighbour | None
    after: Neighbour | None
    usual: float | None


def find_neighbours(connection: Connection, run: Run) -> Neighbours:
    """Return the neighbours of a run among those of its workflow and branch."""
    if run.createtime is None:
        return Neighbours(None, None, None)
    table = workflowruns.c
    same = and_(table.workflowgitid.is_(None), table.workflowname == run.workflowname)
    if run.workflowgitid is not None:
        same = or_(table.workflowgitid == run.workflowgitid, same)
    head = table.headrepo.is_(None) if run.headrepo is None else table.headrepo == run.headrepo
    alike = (table.repoid == run.repoid, same, table.branchname == run.branchname, head)
    earlier, later = table.createtime < run.createtime, table.createtime > run.createtime
    nearest = select(table.provider, table.gitid, table.runnumber).where(*alike).limit(1)
    before = connection.execute(nearest.where(earlier).order_by(table.createtime.desc())).first()
    after = connection.execute(nearest.where(later).order_by(table.createtime)).first()
    good = select(table.runtime).where(*alike, earlier, table.conclusion == SUCCESS)
    good = good.where(table.runtime.is_not(None)).order_by(table.createtime.desc())
    seconds = connection.scalars(good.limit(COUNTED)).all()
    return Neighbours(
        None if before is None else Neighbour(*before),
        None if after is None else Neighbour(*after),
        median(seconds) if len(seconds) >= LEAST else None,
    )
