"""Names of what versions need -> the packages of these names, after a load, in any order.

A name is looked for in the same registry, as it is spelled and as the registry tells a package by;
a list of a repository names its packages as registry/name.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import Any

from sqlalchemy import Connection, Engine, func, literal, or_, select, update

from engines import use_index
from engines.chunks import chunks
from schema.tables import packages as tables

Transact = Callable[[Engine, Callable[[Connection], Any]], Any]
"""What runs work in a transaction and returns what it returns."""
LISTS = "repos"
"""The registry whose packages are repositories; what they need is of other registries."""
INDEXES = {"name": "ix_packages_name", "import_id": "uq_packages"}
"""Columns of packages that a name is looked for in, one after the other, with their indexes."""
PART = 50_000
"""Numbers of rows that are looked at in a transaction."""


def link_names(engine: Engine, manager: str | None, transact: Transact) -> None:
    """Let what is needed lead to its package. Of several with one name, one that is not gone.

    Of several of these the one that came last has the name: it may have changed hands.
    """
    needed = tables.dependencies
    highest = transact(engine, methodcaller("scalar", select(func.max(needed.c.Id)))) or 0
    registry = transact(engine, partial(registry_number, manager=manager))
    for column in INDEXES if registry is not None else ():
        if column != "name" and not transact(engine, partial(has_other, column, registry)):
            continue
        linking = link_by(column, registry)
        for start in range(0, highest + 1, PART):
            part = linking.where(needed.c.Id.between(start, start + PART - 1))
            transact(engine, methodcaller("execute", part))
    transact(engine, partial(link_renamed, manager=manager))
    transact(engine, link_lists)


def has_other(column: str, registry: int, connection: Connection) -> bool:
    """Tell whether what a column of any package of a registry says is not its name."""
    c = tables.packages.c
    other = select(c.Id).where(c.package_manager_id == registry, c[column] != c.name).limit(1)
    return connection.scalar(other) is not None


def link_renamed(connection: Connection, manager: str | None) -> None:
    """Link what leads to a package whose name another has by now: the one that came last."""
    needed, older, c = tables.dependencies, tables.packages.alias("older"), tables.packages.c
    same = (c.package_manager_id == older.c.package_manager_id) & (c.name == older.c.name)
    query = (
        select(older.c.Id, older.c.name, func.max(c.Id))
        .join(tables.packages, same & (c.Id > older.c.Id) & c.gonetime.is_(None))
        .where(older.c.manager == manager)
        .group_by(older.c.Id, older.c.name)
    )
    for number, name, newest in connection.execute(query).all():
        link = update(needed).where(needed.c.dependency_id == number, needed.c.name == name)
        connection.execute(link.values(dependency_id=newest))


def link_by(column: str, registry: int) -> Any:
    """Return the UPDATE that links by a column of packages what leads nowhere, or to a gone one.

    By the registry's number and an index that is named: a server that has not counted the packages
    yet reads all of the registry for each row.
    """
    needed, packages, versions = tables.dependencies, tables.packages, tables.versions
    owners, gone = packages.alias("owners"), packages.alias("gone")
    named = select(func.max(packages.c.Id)).where(
        packages.c.package_manager_id == registry,
        packages.c[column] == needed.c.name,
        packages.c.gonetime.is_(None),
    )
    owner = use_index(named, packages, INDEXES[column]).correlate(needed).scalar_subquery()
    own = (
        select(literal(1))
        .select_from(versions)
        .join(owners, owners.c.Id == versions.c.package_id)
        .where(versions.c.Id == needed.c.version_id, owners.c.package_manager_id == registry)
        .correlate(needed)
    )
    lost = select(gone.c.Id).where(
        gone.c.package_manager_id == registry, gone.c.gonetime.is_not(None)
    )
    return (
        update(needed)
        .where(or_(needed.c.dependency_id.is_(None), needed.c.dependency_id.in_(lost)))
        .where(own.exists(), owner.is_not(None))
        .values(dependency_id=owner)
    )


def registry_number(connection: Connection, manager: str | None) -> int | None:
    """Return the number of a registry, None where nothing of it ever came."""
    registries, sources = tables.package_managers.c, tables.sources.c
    query = select(registries.Id).join(tables.sources, sources.Id == registries.source_id)
    return connection.scalar(query.where(sources.type == manager))


def has_packages(connection: Connection, manager: str) -> bool:
    """Tell whether a registry has packages: to find none of its needs SQLite reads all."""
    c = tables.packages.c
    return connection.scalar(select(c.Id).where(c.manager == manager).limit(1)) is not None


def link_lists(connection: Connection) -> int:
    """Link what lists of repositories name; return how many rows changed."""
    needed, packages, versions = tables.dependencies, tables.packages, tables.versions
    if not has_packages(connection, LISTS):
        return 0
    owners = packages.alias("owners")
    lists = (
        select(needed.c.Id, needed.c.name, needed.c.dependency_id)
        .join(versions, versions.c.Id == needed.c.version_id)
        .join(owners, owners.c.Id == versions.c.package_id)
        .where(owners.c.manager == LISTS)
    )
    known = connection.scalars(lists.with_only_columns(needed.c.name).distinct()).all()
    names, linked = dict[str, list[str]](), dict[str, int]()
    for name in known:
        manager, slash, rest = name.partition("/")
        if slash:
            names.setdefault(manager, []).append(rest)
    for manager, some in names.items():
        for column in ("import_id", "name"):
            c = packages.c
            for part in chunks(some):
                rows = connection.execute(
                    select(c[column], func.max(c.Id))
                    .where(c.manager == manager, c[column].in_(part), c.gonetime.is_(None))
                    .group_by(c[column])
                )
                linked |= {f"{manager}/{name}": number for name, number in rows}
    # Row by row: what a list that came now needs may be what an older one leads to already.
    changed, leading = 0, defaultdict[int, list[int]](list)
    for row, name, number in connection.execute(lists):
        if name in linked and linked[name] != number:
            leading[linked[name]].append(row)
    for number, owned in sorted(leading.items()):
        for ids in chunks(owned):
            link = update(needed).where(needed.c.Id.in_(ids))
            changed += connection.execute(link.values(dependency_id=number)).rowcount
    return changed
