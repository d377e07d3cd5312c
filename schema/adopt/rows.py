"""Tell rows of an earlier installation what they belong to: repository, and server of a run.

They name their repository in full, in short, or cut at 50 characters, as `repos` does too. A name
that two repositories bear tells nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Table,
    case,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.schema import CreateTable

from engines import database_time
from engines.column_types import OPTIONS, BigId, Name
from engines.transaction import retry_ddl
from rows.sources import SOURCES
from schema.tables.ci import branches, commits, repos, workflowruns, workflows
from schema.tables.reconciler import marks

BATCH = 10_000
SOURCE = next(iter(SOURCES.values()))
"""The vendor that every earlier installation reads."""
CHILDREN = (branches, commits, workflows, workflowruns)
MARK = ("", "legacy rows")
"""Where `marks` says that rows may wait for whoever claims them."""

NAMES = Table(
    "adoptednames",
    MetaData(),
    Column("name", Name(), primary_key=True),
    Column("repoid", BigId, nullable=False),
    Column("full", Name()),
    **OPTIONS,
)


def complete(connection: Connection) -> None:
    """Complete the rows as far as they tell it themselves, in batches; done rows stay."""
    stored = stored_names(connection)
    names = resolved(stored, named(connection))
    retry_ddl(connection, lambda: keep_names(connection, names, dict(stored)))
    default, others = servers(hosts(connection))
    for table in CHILDREN:
        by_name = select(NAMES.c.repoid).where(NAMES.c.name == table.c.repo).scalar_subquery()
        in_full = select(NAMES.c.full).where(NAMES.c.name == table.c.repo).scalar_subquery()
        values: dict[str, Any] = {"repoid": func.coalesce(table.c.repoid, by_name)}
        if table is workflowruns:
            cases = [(table.c.url.like(f"{start}%"), literal(name)) for start, name in others]
            of_url = case(*cases, else_=literal(default)) if cases else literal(default)
            values["provider"] = func.coalesce(table.c.provider, of_url)
        values["repo"] = func.coalesce(in_full, table.c.repo)  # last: MySQL assigns in order
        in_batches(connection, table, values)
    connection.exec_driver_sql("DROP TABLE adoptednames")
    retry_ddl(connection, lambda: leave_mark(connection))


def stored_names(connection: Connection) -> list[tuple[int, str]]:
    """Return the repositories that have a name."""
    query = select(repos.c.Id, repos.c.name).where(repos.c.name.is_not(None))
    return [(number, name) for number, name in connection.execute(query)]


def named(connection: Connection) -> set[str]:
    """Return the repositories' names as the other tables give them."""
    names: set[str] = set()
    for table in CHILDREN:
        query = select(table.c.repo).where(table.c.repo.is_not(None), table.c.repoid.is_(None))
        names.update(connection.scalars(query.distinct()))
    return names


def short(name: str) -> str:
    """Return a name without its owner."""
    return name.rpartition("/")[2]


def resolved(stored: Iterable[tuple[int, str]], wanted: Iterable[str]) -> dict[str, int]:
    """Return the repository of each name that tells one: by the name itself, else in short.

    A short name stands for the one repository of that name; where there are two, for none.
    """
    exact: dict[str, int] = {}
    in_short: dict[str, set[int]] = defaultdict(set)
    for number, name in stored:
        exact.setdefault(name.casefold(), number)
        in_short[short(name).casefold()].add(number)
    rivals: dict[str, set[str]] = defaultdict(set)
    names = {name.casefold(): name for name in wanted}
    for name in names:
        if "/" in name and name not in exact:
            rivals[short(name)].add(name)
    bearer_of = {}
    for folded, name in names.items():
        bearers = in_short[short(folded)]
        if folded in exact:
            bearer_of[name] = exact[folded]
        elif "/" not in folded and len(bearers) == 1:
            bearer_of[name] = next(iter(bearers))
        elif len(bearers) == len(rivals[short(folded)]) == 1 and short(folded) in exact:
            bearer_of[name] = exact[short(folded)]
    return bearer_of


def keep_names(connection: Connection, names: dict[str, int], full: dict[int, str]) -> None:
    """Put the names where an UPDATE can look them up: MySQL reads a temporary table once only."""
    connection.exec_driver_sql("DROP TABLE IF EXISTS adoptednames")
    connection.execute(CreateTable(NAMES))
    rows = [
        {"name": name, "repoid": number, "full": full[number]}
        for name, number in sorted(names.items())
    ]
    if rows:
        connection.execute(insert(NAMES), rows)
    connection.commit()


def hosts(connection: Connection) -> Counter[str]:
    """Return the beginnings of runs' pages or addresses, `https://host/`, with their number."""
    starts: Counter[str] = Counter()
    query = select(workflowruns.c.Id, workflowruns.c.url).where(workflowruns.c.provider.is_(None))
    after = 0
    while rows := connection.execute(
        query.where(workflowruns.c.Id > after).order_by(workflowruns.c.Id).limit(BATCH)
    ).all():
        starts.update(start for _, url in rows if (start := beginning(url)))
        after = rows[-1][0]
    return starts


def beginning(url: str | None) -> str | None:
    """Return the part of an address that names its server; None where it names none."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return f"{parts.scheme}://{parts.netloc}/"


def server(start: str) -> str:
    """Return the name of the server that an address belongs to, as new rows have it."""
    public = SOURCE.provider_of(start.replace("://api.", "://", 1))
    return public if public == SOURCE.name else SOURCE.provider_of(start)


def servers(starts: Counter[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return the server that most runs are from, and (beginning, server) of all beginnings."""
    known = [(start, server(start)) for start in sorted(starts)]
    total: Counter[str] = Counter()
    for start, name in known:
        total[name] += starts[start]
    usual = SOURCE.name
    default = max(total, key=lambda name: (total[name], name == usual), default=usual)
    return default, known


def in_batches(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    """Update all rows of a table, a batch in each transaction: readers wait for none of them."""
    after = 0
    while True:
        ids = select(table.c.Id).where(table.c.Id > after).order_by(table.c.Id).limit(BATCH)
        last = connection.execute(select(func.max(ids.subquery().c.Id))).scalar_one()
        if last is None:
            connection.rollback()
            return
        batch = update(table).where(table.c.Id > after, table.c.Id <= last)
        statement = batch.ordered_values(*values.items())
        retry_ddl(connection, partial(commit, connection, statement))
        after = last


def commit(connection: Connection, statement: Any) -> None:
    """Run a statement in a transaction of its own."""
    connection.execute(statement)
    connection.commit()


def leave_mark(connection: Connection) -> None:
    """Say in `marks` that there may be rows to claim."""
    subject, name = MARK
    there = select(marks.c.Id).where(marks.c.subject == subject, marks.c.name == name)
    if connection.execute(there).first() is None:
        row = {"subject": subject, "name": name, "value": None, "time": database_time(connection)}
        connection.execute(insert(marks), row)
    connection.commit()
