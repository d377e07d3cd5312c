"""How many runs there are, and how many a filter leaves."""

from sqlalchemy import Connection, func, select

from schema.tables.ci import workflowruns
from schema.tables.rollups import rollups
from store.reads.connection import StatementTimeout, limit_time
from store.run_search.conditions import RunFilter, conditions_of


def count_runs(connection: Connection, wanted: RunFilter, seconds: float) -> int | None:
    """Return how many runs a filter leaves, None where counting takes longer.

    A run of which only a job is known yet has no time, and stands in no list.
    """
    query = select(func.count(workflowruns.c.createtime))
    query = query.where(*conditions_of(wanted), workflowruns.c.repo.is_not(None))
    try:
        with limit_time(connection, seconds):
            return int(connection.execute(query).scalar_one())
    except StatementTimeout:
        return None


def count_all(connection: Connection, seconds: float) -> int:
    """Return how many runs are stored; where counting takes longer, how many are in roll-ups."""
    query = select(func.count(workflowruns.c.createtime))
    try:
        with limit_time(connection, seconds):
            return int(connection.execute(query).scalar_one())
    except StatementTimeout:
        rolled = select(func.sum(rollups.c.runs)).where(rollups.c.repoid == 0)
        return int(connection.execute(rolled).scalar() or 0)
