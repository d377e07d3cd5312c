"""Runs that made others, and those that were made: a pipeline's parent and children."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, select

from config.calendar import LAST
from schema.tables.ci import workflowruns
from store.reads.runs import Run, columns, find_run

LONGEST = timedelta(days=7)
"""So long after a run one may be made by it; that keeps the question to an index."""
MOST = 100


def find_parent(connection: Connection, run: Run) -> Run | None:
    """Return the run that made one, None where none did or it is not stored."""
    if run.parentgitid is None:
        return None
    return find_run(connection, (run.provider, run.parentgitid))


def list_children(connection: Connection, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that runs of one repository made there, the first one first."""
    times = [run.createtime for run in runs if run.createtime is not None]
    if not times:
        return []
    table = workflowruns.c
    query = select(*columns(workflowruns, Run)).where(
        table.repoid == runs[0].repoid,
        table.createtime.between(min(times), min(max(times), LAST) + LONGEST),
        table.provider == runs[0].provider,
        table.parentgitid.in_([run.gitid for run in runs[:MOST]]),
    )
    query = query.order_by(table.createtime, table.gitid).limit(MOST)
    return [Run(*row) for row in connection.execute(query)]


def under_parents(runs: Sequence[Run]) -> list[Run]:
    """Return runs in their order, but each child behind its parent where that is among them."""
    keys = {run.key for run in runs}
    made: dict[int, list[Run]] = {}
    for run in runs:
        if run.parentgitid and (run.provider, run.parentgitid) in keys:
            made.setdefault(run.parentgitid, []).append(run)
    ordered, seen = list[Run](), set[int]()

    def put(run: Run) -> None:
        if run.Id not in seen:
            seen.add(run.Id)
            ordered.append(run)
            for child in made.get(run.gitid, ()):
                put(child)

    for run in runs:
        if not run.parentgitid or (run.provider, run.parentgitid) not in keys:
            put(run)
    for run in runs:  # what makes itself, as nobody should say
        put(run)
    return ordered
