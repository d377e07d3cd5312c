"""Named SELECT for the names that jobs have, by which figures can be asked for."""

from sqlalchemy import Connection, select

from schema.tables.ci import branches
from store.figures.job_shares import list_rolled_shares
from store.figures.split_spans import split_span
from store.rollups import durations
from store.rollups.durations import JobFilter


def list_known(connection: Connection, span: JobFilter, by: str) -> list[str]:
    """Return the names that jobs of a span have, of those of SORTS that are names, or of branches.

    Names of all that is asked for otherwise are known: only the days and repositories count.
    """
    wide = JobFilter(span.borders, span.os, span.repoid, span.repoids)
    if by != "branch":
        split = split_span(connection, wide)
        shares = [*list_rolled_shares(split, by)]
        for part in split.parts:
            shares += durations.list_shares(connection, part.span, by, None)
        return sorted({share.name for share in shares if share.name})
    query = select(branches.c.name).distinct().order_by(branches.c.name)
    meant = (span.repoid,) if span.repoids is None else span.repoids
    if meant != (None,):
        query = query.where(branches.c.repoid.in_(meant))
    return [name for name in connection.scalars(query) if name]
