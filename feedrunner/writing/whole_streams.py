"""What follows when a stream was whole: rows that did not come are marked as gone."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from sqlalchemy import Connection, Select, Table, func, or_, select, update

from engines.chunks import SIZE
from feedrunner.writing.batch import Loading
from feedrunner.writing.row_numbers import Numbers
from schema.tables import packages as tables

GONE = {"packages": tables.packages, "versions": tables.versions}
"""Streams whose rows are marked when their source has them no more."""


class HalfStream(Exception):
    """Fewer than half of the rows came that came last time: nothing is marked as gone."""


def end_streams(
    connection: Connection, load: Loading, seen: Mapping[str, Numbers], whole: Set[str]
) -> int:
    """Mark the rows that whole streams did not bring; return how many. Raises HalfStream.

    All streams are looked at before any row is marked.
    """
    ended = [name for name in GONE if name in whole]
    for name in ended:
        last = connection.scalar(there(GONE[name], load, func.count())) or 0
        if 2 * len(seen[name]) < last:
            raise HalfStream(
                f"only {len(seen[name]):,} of {last:,} {name} came; nothing was marked gone"
            )
    gone = sum(mark_gone(connection, GONE[name], load, seen[name]) for name in ended)
    if gone:
        unlink_new(connection, load)
    return gone


def unlink_new(connection: Connection, load: Loading) -> None:
    """Let what came in this load lead to no package that is gone by its end.

    A load that was killed, or failed, after the last whole one is a part of this one.
    """
    needed, packages, c = tables.dependencies, tables.packages, tables.load_history.c
    whole = select(func.coalesce(func.max(c.Id), 0)).where(c.feed == load.feed, c.state == "done")
    own = select(c.Id).where(c.feed == load.feed, c.Id > connection.scalar(whole))
    came = or_(needed.c.load_id == load.number, needed.c.load_id.in_(own))
    gone = select(packages.c.Id).where(
        packages.c.load_id == load.number, packages.c.gonetime == load.now
    )
    new = update(needed).where(came, needed.c.dependency_id.in_(gone))
    connection.execute(new.values(dependency_id=None))


def mark_gone(connection: Connection, table: Table, load: Loading, seen: Numbers) -> int:
    """Mark the rows of a table that did not come, and return how many."""
    gone = 0
    for numbers in parts(connection, there(table, load, table.c.Id), table):
        missing = [number for number in numbers if number not in seen]
        if missing:
            marked = update(table).where(table.c.Id.in_(missing))
            connection.execute(marked.values(gonetime=load.now, load_id=load.number))
        gone += len(missing)
    return gone


def there(table: Table, load: Loading, what: Any) -> Select[Any]:
    """Return the query of something of a registry's rows that are not gone.

    Those that another feed of the registry wrote last are that feed's.
    """
    packages, history, query = tables.packages, tables.load_history, select(what).select_from(table)
    if table is not packages:
        query = query.join(packages, packages.c.Id == table.c.package_id)
    others = select(history.c.Id).where(history.c.feed != load.feed)
    is_own = or_(table.c.load_id.is_(None), table.c.load_id.not_in(others))
    return query.where(packages.c.manager == load.manager, table.c.gonetime.is_(None), is_own)


def parts(connection: Connection, query: Select[Any], table: Table) -> Iterator[list[int]]:
    """Yield the numbers that a query selects, in lists, the smallest first."""
    last = -1
    while numbers := [
        *connection.scalars(query.where(table.c.Id > last).order_by(table.c.Id).limit(SIZE))
    ]:
        yield numbers
        last = numbers[-1]
