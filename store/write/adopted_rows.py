"""Let rows of an earlier installation be adopted: workflows, commits and branches.

A row that is written and not stored yet takes over one that is the same thing without its key: of
its own repository, of one that turned out to be the same, or, for a commit, of nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.exc import IntegrityError

from engines.chunks import chunks
from rows.version import STUB
from schema.tables.ci import branches, commits, repoaliases, repos, workflows
from store.write.adopted_repositories import forms
from store.write.stored_rows import by_key, key_of

Values = dict[str, Any]
Adoption = Callable[[Connection, int, Sequence[Values]], None]


def adopt_rows(connection: Connection, table: str, rows: Iterable[Values]) -> None:
    """Give older rows the keys of the rows of `table` that are about to be merged."""
    if table not in ADOPTIONS:
        return
    by_repo: dict[int, list[Values]] = defaultdict(list)
    for values in rows:
        by_repo[values["repoid"]].append(values)
    for repoid, of_repo in sorted(by_repo.items()):
        ADOPTIONS[table](connection, repoid, of_repo)


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


def adopt_commits(connection: Connection, repoid: int, rows: Sequence[Values]) -> None:
    """Adopt commits by their hash."""
    fresh = unstored(connection, commits, rows)
    if not fresh:
        return
    scopes = [commits.c.repoid.is_(None)]
    if others := same_repositories(connection, repoid):
        scopes.append(commits.c.repoid.in_(others))
    for part in chunks(sorted(values["hash"] for values in fresh)):
        query = select(commits.c.Id, commits.c.repoid).where(commits.c.hash.in_(part))
        for scope in scopes:
            for row in connection.execute(query.where(scope)).all():
                give_key(connection, commits, row.Id, "repoid", row.repoid, {"repoid": repoid})


def adopt_branches(connection: Connection, repoid: int, rows: Sequence[Values]) -> None:
    """Adopt branches by repository and name, which may have been cut."""
    fresh = unstored(connection, branches, rows)
    if not fresh:
        return
    repoids = [repoid, *same_repositories(connection, repoid)]
    older = rows_named(connection, branches, repoids, fresh, branches.c.version == STUB)
    for values in fresh:
        for row in candidates(older, values["name"], repoids):
            if row.repoid == repoid and row.name == values["name"]:
                continue
            after = {"repoid": repoid, "name": values["name"]}
            if give_key(connection, branches, row.Id, "name", row.name, after):
                older.remove(row)
                break


def adopt_workflows(connection: Connection, repoid: int, rows: Sequence[Values]) -> None:
    """Adopt workflows by repository and name, which may have been cut."""
    fresh = [row for row in unstored(connection, workflows, rows) if row.get("name")]
    if not fresh:
        return
    repoids = [repoid, *same_repositories(connection, repoid)]
    older = rows_named(connection, workflows, repoids, fresh, workflows.c.gitid.is_(None))
    for values in fresh:
        for row in candidates(older, values["name"], repoids):
            after = {"provider": values["provider"], "gitid": values["gitid"], "repoid": repoid}
            if give_key(connection, workflows, row.Id, "gitid", None, after):
                older.remove(row)
                break


def rows_named(
    connection: Connection,
    table: Table,
    repoids: Sequence[int],
    fresh: Iterable[Values],
    is_keyless: Any,
) -> list[Any]:
    """Return the rows without a key of these repositories that bear one of the names."""
    names = {form for values in fresh for form in forms(values["name"])}
    rows: list[Any] = []
    for part in chunks(sorted(names)):
        query = select(table.c.Id, table.c.repoid, table.c.name).where(
            table.c.repoid.in_(repoids), table.c.name.in_(part), is_keyless
        )
        rows += connection.execute(query.order_by(table.c.Id)).all()
    return rows


def candidates(rows: Iterable[Any], name: str, repoids: Sequence[int]) -> list[Any]:
    """Return the rows that may be this one, the likeliest first."""
    folded = [form.casefold() for form in sorted(forms(name), key=len, reverse=True)]
    alike = [row for row in rows if row.name.casefold() in folded]
    return sorted(
        alike, key=lambda row: (folded.index(row.name.casefold()), repoids.index(row.repoid))
    )


def give_key(
    connection: Connection, table: Table, number: int, column: str, before: Any, after: Values
) -> bool:
    """Give a row its key, unless another writer was quicker; tell whether it is ours."""
    old = table.c[column]
    adoption = update(table).where(
        table.c.Id == number, old.is_(None) if before is None else old == before
    )
    try:
        with connection.begin_nested():
            return connection.execute(adoption.values(after)).rowcount == 1
    except IntegrityError:  # the key is there by now: the older row stays what it is
        return False


ADOPTIONS: dict[str, Adoption] = {
    "branches": adopt_branches,
    "commits": adopt_commits,
    "workflows": adopt_workflows,
}
