"""Lists of ours that a feed is given as a file, since it never sees the database.

A manifest names them (`needs`); the file is a JSON object with a list of objects for each.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Select, func, or_, select

from schema.tables import packages as tables
from schema.tables.ci import repos
from store.packages import name_links

NEEDS = "needs.json"
"""The file's name, beside the program's folder."""


def list_watched(connection: Connection) -> list[dict[str, Any]]:
    """Return the repositories that are watched: provider, gitid, name, url."""
    c = repos.c
    query = select(c.provider, c.gitid, c.name, c.url).order_by(c.Id)
    return objects(connection, query)


def list_upstream(connection: Connection) -> list[dict[str, Any]]:
    """Return the repositories that our dependencies come from and that are not watched."""
    where, packages, needed = tables.packagerepos, tables.packages, tables.dependencies
    listed = select(needed.c.dependency_id).where(
        needed.c.version_id.in_(versions_of_repositories())
    )
    query = (
        select(func.lower(where.c.host).label("host"), func.lower(where.c.repo).label("repo"))
        .join(packages, packages.c.Id == where.c.package_id)
        .where(where.c.repoid.is_(None))
        .where(or_(packages.c.mine.is_(True), packages.c.Id.in_(listed)))
        .distinct()
    )
    return sorted(objects(connection, query), key=lambda row: (row["host"], row["repo"]))


def list_listed(connection: Connection) -> list[dict[str, Any]]:
    """Return what lists of watched repositories name: manager/name, version."""
    c = tables.dependencies.c
    query = select(c.name, c.semver_range.label("version")).where(
        c.version_id.in_(versions_of_repositories())
    )
    rows = objects(connection, query.distinct())
    return sorted(rows, key=lambda row: (row["name"], row["version"] or ""))


def objects(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """Return rows as JSON takes them: SQLAlchemy may call a column by a kind of text of its own."""
    return [{str(name): row[name] for name in row} for row in connection.execute(query).mappings()]


def versions_of_repositories() -> Any:
    """Return the query of the versions of packages that are repositories."""
    packages, versions = tables.packages, tables.versions
    return (
        select(versions.c.Id)
        .join(packages, packages.c.Id == versions.c.package_id)
        .where(packages.c.manager == name_links.LISTS, packages.c.gonetime.is_(None))
    )


LISTS: Mapping[str, Callable[[Connection], list[dict[str, Any]]]] = {
    "watched": list_watched,
    "upstream": list_upstream,
    "listed": list_listed,
}


def write_needs(connection: Connection, names: Sequence[str], path: Path) -> None:
    """Write the lists of these names into a file, where there are any."""
    if names:
        given = {name: LISTS[name](connection) for name in names}
        path.write_bytes(orjson.dumps(given))
