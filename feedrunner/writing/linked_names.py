"""Names of what versions need -> the packages of these names in the same registry."""

from collections.abc import Callable
from operator import methodcaller
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from feedrunner.writing.batch import Loading
from schema.tables import packages as tables

PART = 50_000
"""Numbers of rows that are looked at in a transaction."""


def link_names(
    engine: Engine, load: Loading, transact: Callable[[Engine, Callable[[Connection], Any]], Any]
) -> None:
    """Let what is needed lead to its package: after a load, since names may come in any order.

    Of several packages with one name, the one that came last has it.
    """
    needed, packages, versions = tables.dependencies, tables.packages, tables.versions
    owners = packages.alias("owners")
    owner = (
        select(func.max(packages.c.Id))
        .select_from(versions)
        .join(owners, owners.c.Id == versions.c.package_id)
        .join(packages, packages.c.package_manager_id == owners.c.package_manager_id)
        .where(versions.c.Id == needed.c.version_id, owners.c.manager == load.manager)
        .where(packages.c.name == needed.c.name)
        .correlate(needed)
    )
    linking = (
        update(needed)
        .where(needed.c.dependency_id.is_(None), owner.scalar_subquery().is_not(None))
        .values(dependency_id=owner.scalar_subquery())
    )
    highest = transact(engine, methodcaller("scalar", select(func.max(needed.c.Id))))
    for start in range(0, (highest or 0) + 1, PART):
        part = linking.where(needed.c.Id.between(start, start + PART - 1))
        transact(engine, methodcaller("execute", part))
