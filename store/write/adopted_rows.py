"""Let rows of an earlier installation be adopted: workflows, commits, branches, and runs.

A row that is written and not stored yet takes over one that is the same thing without its key: of
its own repository, of one that turned out to be the same, or, for a commit, of nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, select, update

from engines.chunks import chunks
from rows.version import STUB
from schema.tables.ci import (
    branches,
    commits,
    keys,
    metadata,
    repoaliases,
    repos,
    workflowruns,
    workflows,
)
from store.write.adopted_repositories import forms, give_key
from store.write.stored_rows import Values, by_key, key_of

KEYLESS = {"branches": branches.c.version == STUB, "workflows": workflows.c.gitid.is_(None)}
"""What tells the rows without a key of the tables that are adopted by name."""

ADOPTED = ("workflowruns", "commits", *KEYLESS)


def adopt_rows(connection: Connection, table: str, rows: Iterable[Values]) -> None:
    """Give older rows the keys of the rows of `table` that are about to be merged."""
    if table not in ADOPTED:
        return
    by_repo: dict[int, list[Values]] = defaultdict(list)
    for values in rows:
        if values["repoid"] is not None:
            by_repo[values["repoid"]].append(values)
    for repoid, of_repo in sorted(by_repo.items()):
        if table == "workflowruns":
            adopt_runs(connection, repoid, of_repo)
        elif table == "commits":
            adopt_commits(connection, repoid, of_repo)
        else:
            adopt_named(connection, metadata.tables[table], repoid, of_repo)


def unstored(connection: Connection, table: Table, rows: Sequence[Values]) -> list[Values]:
    """Return the rows whose key is not stored, one for each key."""
    wanted = {key_of(table, values): values for values in rows}
    for key in by_key(connection, table, wanted):
        del wanted[key]
    return [wanted[key] for key in sorted(wanted)]


def same_repositories(connection: Connection, repoid: int) -> list[int]:
    """Return the repositories without a key that bear a name this one went by."""
    names = connection.scalars(select(repoaliases.c.name).where(repoaliases.c.repoid == repoid))
    wanted = sorted({form for name in names for form in forms(name)})
    if not wanted:
        return []
    query = select(repos.c.Id).where(repos.c.gitid.is_(None), repos.c.name.in_(wanted))
    return list(connection.scalars(query))


def adopt_runs(connection: Connection, repoid: int, rows: Sequence[Values]) -> None:
    """Give runs, which have their key, to their repository from one that turned out to be it."""
    others = same_repositories(connection, repoid)
    for part in chunks(sorted({values["gitid"] for values in rows})) if others else ():
        its = (workflowruns.c.gitid.in_(part), workflowruns.c.repoid.in_(others))
        connection.execute(update(workflowruns).where(*its).values(repoid=repoid))


def adopt_commits(connection: Connection, repoid: int, rows: Sequence[Values]) -> None:
    """Adopt commits by their hash."""
    fresh = unstored(connection, commits, rows)
    if not fresh:
        return
    scopes = [commits.c.repoid.is_(None)]
    if others := same_repositories(connection, repoid):
        scopes.append(commits.c.repoid.in_(others))
    for part in chunks(sorted(values["hash"] for values in fresh)):
        query = select(commits.c.Id).where(commits.c.hash.in_(part))
        for scope in scopes:
            for number in connection.scalars(query.where(scope)).all():
                give_key(connection, commits, number, scope, {"repoid": repoid})


def adopt_named(connection: Connection, table: Table, repoid: int, rows: Sequence[Values]) -> None:
    """Adopt branches or workflows by repository and name, which may have been cut."""
    fresh = [values for values in unstored(connection, table, rows) if values.get("name")]
    if not fresh:
        return
    is_keyless = KEYLESS[table.name]
    repoids = [repoid, *same_repositories(connection, repoid)]
    names = {form for values in fresh for form in forms(values["name"])}
    older: list[Any] = []
    for part in chunks(sorted(names)):
        query = select(table.c.Id, table.c.repoid, table.c.name).where(
            table.c.repoid.in_(repoids), table.c.name.in_(part), is_keyless
        )
        older += connection.execute(query.order_by(table.c.Id)).all()
    for values in fresh:
        after = {name: values[name] for name in ("repoid", *keys(table))}
        for row in candidates(older, values["name"], repoids):
            is_free = and_(is_keyless, table.c.name == row.name)
            if give_key(connection, table, row.Id, is_free, after):
                older.remove(row)
                break


def candidates(rows: Iterable[Any], name: str, repoids: Sequence[int]) -> list[Any]:
    """Return the rows that may be this one, the likeliest first."""
    folded = [form.casefold() for form in sorted(forms(name), key=len, reverse=True)]
    alike = [row for row in rows if row.name.casefold() in folded]
    return sorted(
        alike, key=lambda row: (folded.index(row.name.casefold()), repoids.index(row.repoid))
    )
