"""What a lake has to copy, where one follows the store; without one nothing is noted.

Runs need no note of their own when they change: `dirtyruns` has them until their roll-ups are
made. Whoever takes those marks back leaves them here (`hand_over`), in the same transaction.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from engines.chunks import by_scope
from rows.words import RunKey
from schema.tables.lake_notes import lakecommits, lakerepos, lakeruns, lakes
from store.write.stored_rows import Values
from store.write.upsert import put_rows

ABANDONED = timedelta(days=30)
"""After so long without a sync a lake is followed no more; its next sync copies everything."""


def is_followed(connection: Connection) -> bool:
    """Tell whether a lake follows this store; marks for an abandoned one are deleted."""
    times = connection.scalars(select(lakes.c.synctime)).all()
    if not times:
        return False
    if max(times) > datetime.now(UTC).replace(tzinfo=None) - ABANDONED:
        return True
    for table in (lakes, lakeruns, lakerepos, lakecommits):
        connection.execute(delete(table))
    return False


def hand_over(connection: Connection, changes: Sequence[tuple[str, int, int]]) -> None:
    """Keep changes of runs (provider, gitid, mark) that `dirtyruns` is about to forget."""
    if not changes or not is_followed(connection):
        return
    copied = read_copied(connection, [(provider, gitid) for provider, gitid, _ in changes])
    known: list[Values] = []
    new: list[Values] = []
    for provider, gitid, mark in sorted(changes):
        has_it = copied.get((provider, gitid)) == mark
        values = {"provider": provider, "rungitid": gitid, "mark": mark, "copied": has_it}
        (known if has_it else new).append(values)
    drop(connection, known)
    put_rows(connection, lakeruns, new)


def read_copied(connection: Connection, runs: Iterable[RunKey]) -> dict[RunKey, int]:
    """Return the marks that the lake has of runs."""
    c = lakeruns.c
    copied: dict[RunKey, int] = {}
    for provider, gitids in by_scope(runs):
        query = select(c.rungitid, c.mark).where(c.provider == provider, c.rungitid.in_(gitids))
        for gitid, mark in connection.execute(query.where(c.copied)):
            copied[provider, gitid] = mark
    return copied


def drop(connection: Connection, rows: Sequence[Values]) -> None:
    """Delete notes of runs that are still as they were read."""
    c = lakeruns.c
    query = delete(lakeruns).where(
        c.provider == bindparam("of"),
        c.rungitid == bindparam("run"),
        c.mark == bindparam("seen"),
        c.copied == bindparam("was"),
    )
    values = [
        {"of": row["provider"], "run": row["rungitid"], "seen": row["mark"], "was": row["copied"]}
        for row in rows
    ]
    if values:
        connection.execute(query, values)


def note_repositories(connection: Connection, repoids: Iterable[int]) -> None:
    """Note repositories whose rows are changed or deleted beside `dirtyruns`."""
    numbers = sorted(set(repoids))
    if numbers and is_followed(connection):
        mark = time.time_ns() // 1000
        put_rows(connection, lakerepos, [{"repository": one, "mark": mark} for one in numbers])


def note_commits(connection: Connection, commits: Iterable[tuple[int, str]]) -> None:
    """Note commits (repoid, hash) in the transaction that writes them."""
    written = sorted(set(commits))
    if written and is_followed(connection):
        mark = time.time_ns() // 1000
        put_rows(connection, lakecommits, [
            {"repoid": repoid, "hash": commit, "mark": mark} for repoid, commit in written
        ])  # fmt: skip
