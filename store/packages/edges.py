"""What versions that count need -> `packageedges`: which package needs which.

Alternatives are opened, and a name that no package has leads to those that provide it. What is
needed for development or tests, or under an extra or a feature, makes no edge.
"""

from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)

from schema.tables import packages as tables
from store.packages.name_links import has_packages

NO_EDGES = ("dev", "test")
"""Kinds of needs that whoever uses a package does not have."""


def rebuild_edges(connection: Connection, manager: str) -> None:
    """Make the edges of a registry's packages anew."""
    edges, packages = tables.packageedges, tables.packages
    if not has_packages(connection, manager):
        return
    own = select(packages.c.Id).where(packages.c.manager == manager)
    connection.execute(delete(edges).where(edges.c.package_id.in_(own)))
    both = union_all(direct(manager), virtual(manager)).subquery("edge")
    c = both.c
    merged = select(
        c.package_id,
        c.dependency_id,
        c.kind,
        func.min(c.alternative) == 1,
        func.min(c.isvirtual) == 1,
    ).group_by(c.package_id, c.dependency_id, c.kind)
    names = ["package_id", "dependency_id", "kind", "alternative", "isvirtual"]
    connection.execute(insert(edges).from_select(names, merged))


def direct(manager: str) -> Select[Any]:
    """Return the query of what is needed by a package's name."""
    needed = tables.dependencies
    other = needed.alias("other")
    choice = exists().where(
        other.c.version_id == needed.c.version_id,
        other.c.position == needed.c.position,
        other.c.alternative != needed.c.alternative,
    )
    return with_needs(manager, needed.c.dependency_id, choice, 0).where(
        needed.c.dependency_id.is_not(None), needed.c.dependency_id != tables.packages.c.Id
    )


def virtual(manager: str) -> Select[Any]:
    """Return the query of what is needed by a name that no package has, but some provide."""
    needed, provides, versions = tables.dependencies, tables.provides, tables.versions
    packages, giving, given = tables.packages, versions.alias("giving"), tables.packages.alias()
    query = with_needs(manager, given.c.Id, literal(True), 1)
    return (
        query.join(provides, provides.c.name == needed.c.name)
        .join(giving, giving.c.Id == provides.c.version_id)
        .join(given, given.c.Id == giving.c.package_id)
        .where(needed.c.dependency_id.is_(None), given.c.Id != packages.c.Id)
        .where(given.c.package_manager_id == packages.c.package_manager_id, counts(given, giving))
    )


def with_needs(manager: str, needed_id: Any, choice: Any, isvirtual: int) -> Select[Any]:
    """Return the query of what packages need, whoever it is."""
    needed, packages, versions = tables.dependencies, tables.packages, tables.versions
    kind = func.coalesce(needed.c.kind, "runtime")
    return (
        select(
            packages.c.Id.label("package_id"),
            needed_id.label("dependency_id"),
            kind.label("kind"),
            case((choice, 1), else_=0).label("alternative"),
            literal(isvirtual).label("isvirtual"),
        )
        .select_from(needed)
        .join(versions, versions.c.Id == needed.c.version_id)
        .join(packages, packages.c.Id == versions.c.package_id)
        .where(packages.c.manager == manager, counts(packages, versions))
        .where(kind.not_in(NO_EDGES), or_(kind != "optional", needed.c.onlyif.is_(None)))
    )


def counts(packages: Any, versions: Any) -> Any:
    """Return whether a version is the one of its package that counts."""
    latest = packages.c.latestversion
    return and_(
        packages.c.gonetime.is_(None),
        versions.c.gonetime.is_(None),
        or_(latest.is_(None), latest == versions.c.version),
    )
