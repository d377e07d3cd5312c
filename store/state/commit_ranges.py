"""Pairs of commits that were compared, kept so that each is asked for once: they never change."""

from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, insert, select

from engines import database_time
from engines.transaction import transact
from schema.tables.job_versions import commitranges, rangecommits
from store.write.upsert import put_rows

GONE = "gone"
"""Status of a pair one of which its server has no more."""
MOST = 100
"""Commits of a pair that are kept, the oldest; one page of the API's."""
STATUSES = ("ahead", "behind", "diverged", "identical", GONE)


class CommitRange(NamedTuple):
    """How two commits lie to each other, and what the later one alone has, the oldest first.

    There may be more commits than `hashes`: `ahead` counts all, `behind` those of the other.
    """

    status: str | None
    ahead: int | None = None
    behind: int | None = None
    hashes: tuple[str, ...] = ()


def is_known(connection: Connection, repoid: int, base: str, head: str) -> bool:
    """Tell whether two commits were compared."""
    row = commitranges.c
    its = (row.repoid == repoid, row.basehash == base, row.headhash == head)
    return connection.execute(select(row.Id).where(*its)).first() is not None


def store_range(engine: Engine, repoid: int, base: str, head: str, commits: CommitRange) -> None:
    """Store what came of comparing two commits. Raises DBAPIError."""
    key = {"repoid": repoid, "basehash": base, "headhash": head}
    status = commits.status if commits.status in STATUSES else None
    told = {"status": status, "ahead": commits.ahead, "behind": commits.behind}
    row = rangecommits.c
    rows = [
        {**key, "number": number, "hash": sha} for number, sha in enumerate(commits.hashes, start=1)
    ]

    def work(connection: Connection) -> None:
        time = {"readtime": database_time(connection)}
        put_rows(connection, commitranges, [{**key, **told, **time}])
        its = (row.repoid == repoid, row.basehash == base, row.headhash == head)
        connection.execute(delete(rangecommits).where(*its))
        if rows:
            connection.execute(insert(rangecommits), rows)

    transact(engine, work)
