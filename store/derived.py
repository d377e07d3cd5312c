"""Write the columns that follow from stored rows, after all rows of a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, Table, bindparam, select, update

from rows import derive
from schema.tables import branches, commits, jobs, of_kind, runattempts, workflowruns
from store.upsert import upsert

Values = dict[str, Any]
PART = 500

TIMED = of_kind(runattempts, "derived")
MIRRORED = of_kind(workflowruns, "derived")


def parts(found: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield sorted values in lists that a statement can take."""
    values = sorted(found)
    return (values[at : at + PART] for at in range(0, len(values), PART))


def update_runs(connection: Connection, touched: Iterable[Values]) -> None:
    """Derive the attempts and the mirrored columns of runs whose rows this transaction locks."""
    by_provider: dict[str, set[int]] = defaultdict(set)
    for values in touched:
        by_provider[values["provider"]].add(values["gitid"])
    for provider, gitids in by_provider.items():
        for part in parts(gitids):
            update_part(connection, provider, part)


def update_part(connection: Connection, provider: str, gitids: Sequence[int]) -> None:
    """Derive some runs of one provider, and write only what differs."""
    attempts = grouped(connection, runattempts, provider, gitids)
    found = grouped(connection, jobs, provider, gitids)
    stored = {row.gitid: row for row in select_rows(connection, workflowruns, provider, gitids)}
    changed_attempts, changed_runs = [], []
    for gitid in gitids:
        own_jobs = [job_of(row) for row in found[gitid]]
        timings = {}
        for row in attempts[gitid]:
            timing = derive.timing(attempt_of(row), own_jobs)
            timings[row.attempt] = timing
            values = {name: getattr(timing, name) for name in TIMED}
            if differs(row, values):
                key = {"provider": provider, "rungitid": gitid, "attempt": row.attempt}
                changed_attempts.append({**key, **values})
        top = derive.highest([attempt_of(row) for row in attempts[gitid]])
        if top is None:
            continue
        values = {**top._asdict(), **timings[top.attempt]._asdict()}
        values = {name: values[name] for name in MIRRORED}
        if differs(stored[gitid], values):
            changed_runs.append({"provider": provider, "gitid": gitid, **values})
    upsert(connection, "runattempts", changed_attempts)
    upsert(connection, "workflowruns", changed_runs)


NEEDED = {
    "workflowruns": ("gitid", *MIRRORED),
    "runattempts": ("rungitid", "version", *derive.Attempt._fields, *TIMED),
    "jobs": ("rungitid", *derive.Job._fields),
}


@lru_cache
def query_of(table: Table) -> Select[Any]:
    """Return the query for what is derived from, and what is derived, of some runs."""
    run = table.c.gitid if table is workflowruns else table.c.rungitid
    names = dict.fromkeys(NEEDED[table.name])
    wanted = [table.c[name] for name in names if name in table.c]
    of = table.c.provider == bindparam("of")
    those: BindParameter[Any] = bindparam("gitids", expanding=True)
    return select(*wanted).where(of, run.in_(those))


def select_rows(
    connection: Connection, table: Table, provider: str, gitids: Sequence[int]
) -> Sequence[Row[Any]]:
    """Return the rows of these runs."""
    return connection.execute(query_of(table), {"of": provider, "gitids": gitids}).all()


def grouped(
    connection: Connection, table: Table, provider: str, gitids: Sequence[int]
) -> dict[int, list[Row[Any]]]:
    """Return the rows of these runs by run."""
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in select_rows(connection, table, provider, gitids):
        found[row.rungitid].append(row)
    return found


def attempt_of(row: Row[Any]) -> derive.Attempt:
    """Return a stored attempt; one without a version is only known by its jobs."""
    names = (name for name in derive.Attempt._fields if name != "known")
    return derive.Attempt(known=bool(row.version), **{name: getattr(row, name) for name in names})


def job_of(row: Row[Any]) -> derive.Job:
    """Return a stored job as the derivation sees it."""
    return derive.Job(*(getattr(row, name) for name in derive.Job._fields))


def differs(row: Row[Any], values: Values) -> bool:
    """Tell whether a stored row lacks one of these values."""
    return any(getattr(row, name) != value for name, value in values.items())


def update_branches(
    connection: Connection, touched: Sequence[Values], brought: Sequence[Values]
) -> None:
    """Give branches the author of their head commit, whichever of the two came last.

    The commits are read with a lock that waits for writers: of two transactions that bring a
    branch and its commit at once, the later one sees the other's row.
    """
    by_repo: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for values in touched:
        by_repo[values["repoid"]][0].add(values["name"])
    for values in brought:
        by_repo[values["repoid"]][1].add(values["hash"])
    for repoid, (names, hashes) in sorted(by_repo.items()):
        for part in parts(names):
            update_authors(connection, repoid, branches.c.name.in_(part))
        for part in parts(hashes):
            update_authors(connection, repoid, branches.c.headhash.in_(part))


def update_authors(connection: Connection, repoid: int, chosen: Any) -> None:
    """Write the authors of the chosen branches where they differ."""
    query = select(branches.c.Id, branches.c.headhash, branches.c.author, branches.c.version)
    found = connection.execute(
        query.where(branches.c.repoid == repoid, chosen).order_by(branches.c.Id).with_for_update()
    ).all()
    heads = {row.headhash for row in found if row.headhash}
    authors: dict[str | None, str | None] = {}
    if heads:
        wanted = select(commits.c.hash, commits.c.author).where(
            commits.c.repoid == repoid, commits.c.hash.in_(heads)
        )
        for commit in connection.execute(wanted.with_for_update(read=True)):
            authors[commit.hash] = commit.author
    changes = [
        {"row": row.Id, "now": authors.get(row.headhash)}
        for row in found
        # A stub of an earlier installation knows the author, but not where the branch points.
        if row.version and authors.get(row.headhash) != row.author
    ]
    if changes:
        statement = update(branches).where(branches.c.Id == bindparam("row"))
        connection.execute(statement.values(author=bindparam("now")), changes)
