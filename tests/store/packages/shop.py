"""A small registry in a store: packages, versions, what they need and provide."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from schema.tables import packages as tables

NOW = datetime(2026, 11, 29)


class Shop:
    """Writes rows of a registry by names."""

    def __init__(self, connection: Connection, manager: str) -> None:
        self.connection, self.manager = connection, manager
        c = tables.package_managers.c
        source = select(tables.sources.c.Id).where(tables.sources.c.type == manager)
        number = connection.scalar(source)
        if number is None:
            connection.execute(insert(tables.sources), [{"type": manager}])
            number = connection.scalar(source)
            connection.execute(insert(tables.package_managers), [{"source_id": number}])
        self.number = connection.scalar(select(c.Id).where(c.source_id == number))

    def package(self, name: str, version: str = "1", **values: Any) -> int:
        """Write a package with a version that counts; return its number."""
        own = {
            "name": name,
            "import_id": name,
            "latestversion": version,
            "manager": self.manager,
            "package_manager_id": self.number,
            "derived_id": f"{self.manager}/{name}",
            **values,
        }
        self.connection.execute(insert(tables.packages), [own])
        c = tables.packages.c
        query = select(c.Id).where(
            c.package_manager_id == self.number, c.import_id == own["import_id"]
        )
        number = int(self.connection.scalar(query) or 0)
        self.version(number, version)
        return number

    def version(self, package: int, version: str, **values: Any) -> int:
        """Write a version; return its number."""
        row = {"package_id": package, "version": version, **values}
        self.connection.execute(insert(tables.versions), [row])
        c = tables.versions.c
        query = select(c.Id).where(c.package_id == package, c.version == version)
        return int(self.connection.scalar(query) or 0)

    def needs(self, package: int, names: Iterable[Any], version: str = "1") -> None:
        """Write what a version needs: names, tuples of alternatives, or rows."""
        c, rows = tables.versions.c, list[dict[str, Any]]()
        query = select(c.Id).where(c.package_id == package, c.version == version)
        own = self.connection.scalar(query)
        for position, given in enumerate(names, start=1):
            for alternative, one in enumerate(given if isinstance(given, tuple) else (given,)):
                need = {"name": one} if isinstance(one, str) else one
                base = {"version_id": own, "position": position, "alternative": alternative}
                rows.append({**base, "kind": "runtime", "onlyif": None, **need})
        self.connection.execute(insert(tables.dependencies), rows)

    def provides(self, package: int, name: str, version: str = "1") -> None:
        """Write a name that a version answers to."""
        c = tables.versions.c
        query = select(c.Id).where(c.package_id == package, c.version == version)
        row = {"version_id": self.connection.scalar(query), "name": name}
        self.connection.execute(insert(tables.provides), [row])


def edges(engine: Engine) -> set[tuple[Any, ...]]:
    """Return the edges by names: who needs, what, kind, alternative, isvirtual."""
    e, one = tables.packageedges, tables.packages.alias()
    other = tables.packages.alias()
    query = (
        select(one.c.name, other.c.name, e.c.kind, e.c.alternative, e.c.isvirtual)
        .select_from(e)
        .join(one, one.c.Id == e.c.package_id)
        .join(other, other.c.Id == e.c.dependency_id)
    )
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(query)}


def by_name(engine: Engine, column: str) -> Mapping[str, Any]:
    """Return a column of packages by their names."""
    c = tables.packages.c
    with engine.connect() as connection:
        return {name: value for name, value in connection.execute(select(c.name, c[column]))}
