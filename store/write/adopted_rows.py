"""Let rows of an earlier installation be claimed: workflows, commits and branches.

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
Claim = Callable[[Connection, int, Sequence[Values]], None]


def rows(connection: Connection, table: str, found: Iterable[Values]) -> None:
    """Give older rows the keys of the rows of `table` that are about to be merged."""
    if table not in CLAIMS:
        return
    by_repo: dict[int, list[Values]] = defaultdict(list)
    for values in found:
        by_repo[values["repoid"]].append(values)
    for repoid, those in sorted(by_repo.items()):
        CLAIMS[table](connection, repoid, those)


def new(connection: Connection, table: Table, those: Sequence[Values]) -> list[Values]:
    """Return the rows whose key is not stored, one for each key."""
    wanted = {key_of(table, values): values for values in those}
    for key in by_key(connection, table, wanted):
        del wanted[key]
    return [wanted[key] for key in sorted(wanted)]


def same(connection: Connection, repoid: int) -> list[int]:
    """Return the unclaimed repositories that bear a name this one went by."""
    names = connection.scalars(select(repoaliases.c.name).where(repoaliases.c.repoid == repoid))
    wanted = sorted({form for name in names for form in forms(name)})
    if not wanted:
        return []
    query = select(repos.c.Id).where(repos.c.gitid.is_(None), repos.c.name.in_(wanted))
    return list(connection.scalars(query))


def claim_commits(connection: Connection, repoid: int, those: Sequence[Values]) -> None:
    """Claim commits by their hash."""
    fresh = new(connection, commits, those)
    if not fresh:
        return
    places = [commits.c.repoid.is_(None)]
    if others := same(connection, repoid):
        places.append(commits.c.repoid.in_(others))
    for part in chunks(sorted(values["hash"] for values in fresh)):
        query = select(commits.c.Id, commits.c.repoid).where(commits.c.hash.in_(part))
        for place in places:
            for row in connection.execute(query.where(place)).all():
                take(connection, commits, row.Id, "repoid", row.repoid, {"repoid": repoid})


def claim_branches(connection: Connection, repoid: int, those: Sequence[Values]) -> None:
    """Claim branches by repository and name, which may have been cut."""
    fresh = new(connection, branches, those)
    if not fresh:
        return
    places = [repoid, *same(connection, repoid)]
    found = named(connection, branches, places, fresh, branches.c.version == STUB)
    for values in fresh:
        for row in candidates(found, values["name"], places):
            if row.repoid == repoid and row.name == values["name"]:
                continue
            after = {"repoid": repoid, "name": values["name"]}
            if take(connection, branches, row.Id, "name", row.name, after):
                found.remove(row)
                break


def claim_workflows(connection: Connection, repoid: int, those: Sequence[Values]) -> None:
    """Claim workflows by repository and name, which may have been cut."""
    fresh = [values for values in new(connection, workflows, those) if values.get("name")]
    if not fresh:
        return
    places = [repoid, *same(connection, repoid)]
    found = named(connection, workflows, places, fresh, workflows.c.gitid.is_(None))
    for values in fresh:
        for row in candidates(found, values["name"], places):
            after = {"provider": values["provider"], "gitid": values["gitid"], "repoid": repoid}
            if take(connection, workflows, row.Id, "gitid", None, after):
                found.remove(row)
                break


def named(
    connection: Connection,
    table: Table,
    places: Sequence[int],
    fresh: Iterable[Values],
    unclaimed: Any,
) -> list[Any]:
    """Return the unclaimed rows of these repositories that bear one of the names."""
    names = {form for values in fresh for form in forms(values["name"])}
    found: list[Any] = []
    for part in chunks(sorted(names)):
        query = select(table.c.Id, table.c.repoid, table.c.name).where(
            table.c.repoid.in_(places), table.c.name.in_(part), unclaimed
        )
        found += connection.execute(query.order_by(table.c.Id)).all()
    return found


def candidates(found: Iterable[Any], name: str, places: Sequence[int]) -> list[Any]:
    """Return the rows that may be this one, the likeliest first."""
    folded = [form.casefold() for form in sorted(forms(name), key=len, reverse=True)]
    those = [row for row in found if row.name.casefold() in folded]
    return sorted(
        those, key=lambda row: (folded.index(row.name.casefold()), places.index(row.repoid))
    )


def take(
    connection: Connection, table: Table, number: int, column: str, before: Any, after: Values
) -> bool:
    """Give a row its key, unless another writer was quicker; tell whether it is ours."""
    old = table.c[column]
    claiming = update(table).where(
        table.c.Id == number, old.is_(None) if before is None else old == before
    )
    try:
        with connection.begin_nested():
            return connection.execute(claiming.values(after)).rowcount == 1
    except IntegrityError:  # the key is there by now: the older row stays what it is
        return False


CLAIMS: dict[str, Claim] = {
    "branches": claim_branches,
    "commits": claim_commits,
    "workflows": claim_workflows,
}
