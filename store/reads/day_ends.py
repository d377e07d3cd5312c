"""Named SELECT for the metrics: how the runs of the last day ended, by repository."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from rows.words import FAILED, SUCCESS
from schema.tables.ci import workflowruns


class DayEnds(NamedTuple):
    """Runs created since a time that passed, failed, and how many seconds all of them took."""

    passed: int
    failed: int
    seconds: float


def list_day_ends(connection: Connection, since: datetime) -> dict[int, DayEnds]:
    """Return what repositories' runs came to, by repos.Id."""
    run = workflowruns.c
    passed = func.sum(case((run.conclusion == SUCCESS, 1), else_=0))
    failed = func.sum(case((run.conclusion.in_(FAILED), 1), else_=0))
    query = select(run.repoid, passed, failed, func.sum(run.runtime))
    query = query.where(run.createtime >= since)
    return {
        repoid: DayEnds(int(good), int(bad), float(seconds or 0))
        for repoid, good, bad, seconds in connection.execute(query.group_by(run.repoid))
    }
