"""Repositories that deliveries say are deleted: gone, unless something newer is stored of them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from engines import database_time
from rows import Mapped
from rows.version import AHEAD
from schema.tables.ci import repoaliases, repos
from store.state.gone_repositories import APART, DELETED, abandon_runs, mark_gone, seen_of
from store.write.repositories import key_of


def note_ends(connection: Connection, events: Iterable[tuple[Mapped | None, datetime]]) -> None:
    """Mark the repositories that deliveries say are deleted; with the time of each receipt.

    One that the vendor changed after what is told of it was restored since.
    """
    for mapped, time in events:
        if mapped is not None and mapped.is_end:
            provider, gitid = key_of(mapped)
            row = repos.c
            query = select(row.Id).where(row.provider == provider, row.gitid == gitid)
            repoid = connection.execute(query).scalar_one()
            if was_changed_after(connection, repoid, mapped):
                continue
            mark_gone(connection, repoid, DELETED, time)
            if connection.scalar(select(row.gonereason).where(row.Id == repoid)):
                abandon_runs(connection, repoid, None)


def was_changed_after(connection: Connection, repoid: int, mapped: Mapped) -> bool:
    """Tell whether something newer is stored of a repository than what a delivery tells of it."""
    told = max((time for time in map(seen_of, mapped.rows) if time), default=None)
    if told is None:
        return False
    row = repoaliases.c
    is_newer = row.lastseen.between(told + APART, database_time(connection) + AHEAD)
    query = select(row.repoid).where(row.repoid == repoid, is_newer).limit(1)
    return connection.execute(query).first() is not None
