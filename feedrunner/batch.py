"""The rows of a transaction: packages and versions, and what the rows of both have in common."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Table, bindparam, insert, update

from feedrunner.known_rows import find_packages, find_versions, manager_id, word_ids
from feedrunner.messages import BadLine, Record
from schema.tables import packages as tables

Row = dict[str, Any]


class Loading(Protocol):
    """What the rows of a load have in common."""

    @property
    def number(self) -> int: ...
    @property
    def feed(self) -> str: ...
    @property
    def manager(self) -> str | None: ...
    @property
    def now(self) -> datetime: ...


class Written(NamedTuple):
    """How many rows changed, the numbers of those that came, by stream, and the versions whose
    lists of what they need came, or began to."""

    changed: int
    seen: Mapping[str, Sequence[int]]
    listed: set[int]


class Batch:
    """The records of a transaction, and what they lead to."""

    def __init__(self, connection: Connection, load: Loading, listed: Set[int]) -> None:
        self.connection, self.load, self.listed = connection, load, listed
        self.changed = 0
        self.seen = dict[str, list[int]]()
        self.newly_listed = set[int]()
        self.manager = (
            manager_id(connection, load.manager, load.now) if load.manager is not None else 0
        )

    def put(
        self, table: Table, key: Sequence[str], stored: Mapping[Any, Any], rows: list[Row]
    ) -> None:
        """Insert rows that are new and change those that differ; `stored` is by the key's values.

        A row's absent columns stay; the last of several rows with one key counts.
        """
        new, other = dict[Any, Row](), dict[Any, Row]()
        for row in rows:
            own = tuple(row[name] for name in key) if len(key) > 1 else row[key[0]]
            old = stored.get(own)
            if old is None:
                new[own] = {**new.get(own, {}), **row}
            else:
                other[own] = {**other.get(own, {}), **row}
        times = {"updated_at": self.load.now, "load_id": self.load.number}
        times = {name: value for name, value in times.items() if name in table.c}
        made = {"created_at": self.load.now} if "created_at" in table.c else {}
        self.insert(table, [{**row, **times, **made} for row in new.values()])
        changes = defaultdict[tuple[str, ...], list[Row]](list)
        for own, row in other.items():
            if any(stored[own][name] != value for name, value in row.items()):
                change = {**row, **times}
                changes[tuple(sorted(change))].append({**change, "row": stored[own]["Id"]})
        for names, values in changes.items():
            setting: dict[str, Any] = {name: bindparam(name) for name in names}
            self.connection.execute(
                update(table).where(table.c.Id == bindparam("row")).values(setting), values
            )
            self.changed += len(values)

    def insert(self, table: Table, rows: list[Row]) -> None:
        """Insert rows, those with the same columns together."""
        alike = defaultdict[tuple[str, ...], list[Row]](list)
        for row in rows:
            alike[tuple(sorted(row))].append(row)
        for values in alike.values():
            self.connection.execute(insert(table), values)
            self.changed += len(values)


def write_packages(batch: Batch, records: Sequence[Record]) -> None:
    rows = [
        {
            **record.values,
            "import_id": record.values.get("import_id") or record.values["name"],
            "derived_id": f"{batch.load.manager}/{record.values['name']}"[:512],
            "manager": batch.load.manager,
            "package_manager_id": batch.manager,
            "gonetime": None,
        }
        for record in records
    ]
    names = [row["import_id"] for row in rows]
    stored = find_packages(batch.connection, batch.manager, {*names})
    batch.put(tables.packages, ["import_id"], stored, rows)
    after = find_packages(batch.connection, batch.manager, {*names})
    batch.seen["packages"] = [after[name]["Id"] for name in names]


def package_ids(batch: Batch, records: Sequence[Record]) -> dict[str, int]:
    """Return the numbers of the packages that records name. Raises BadLine for one that is not."""
    names = {record.values["package"] for record in records}
    known = find_packages(batch.connection, batch.manager, names)
    for record in records:
        if record.values["package"] not in known:
            raise BadLine(
                record.number,
                f"{record.stream}.package: no package {record.values['package'][:64]!r} came"
                " before",
            )
    return {name: row["Id"] for name, row in known.items()}


def write_versions(batch: Batch, records: Sequence[Record]) -> None:
    packages = package_ids(batch, records)
    said = {record.values["license"] for record in records if record.values.get("license")}
    licenses = word_ids(batch.connection, tables.licenses, "name", sorted(said), batch.load.now)
    stored = find_versions(batch.connection, {*packages.values()})
    rows = list[Row]()
    for record in records:
        row = {**record.values, "gonetime": None}
        row["package_id"] = packages[row.pop("package")]
        if "license" in row:
            row["license_id"] = licenses.get(row.pop("license"))
        old = stored.get((row["package_id"], row["version"]))
        if old and old["published_at"] and row.get("published_at"):
            row["published_at"] = min(old["published_at"], row["published_at"])
        rows.append(row)
    batch.put(tables.versions, ["package_id", "version"], stored, rows)
    after = find_versions(batch.connection, {*packages.values()})
    batch.seen["versions"] = [after[row["package_id"], row["version"]]["Id"] for row in rows]


def version_ids(batch: Batch, records: Sequence[Record]) -> list[int]:
    """Return the number of the version of each record. Raises BadLine for one that is not."""
    packages = package_ids(batch, records)
    known = find_versions(batch.connection, {*packages.values()})
    numbers = list[int]()
    for record in records:
        row = known.get((packages[record.values["package"]], record.values["version"]))
        if row is None:
            raise BadLine(
                record.number,
                f"{record.stream}.version: no version {record.values['version'][:64]!r} of "
                f"{record.values['package'][:64]!r} came before",
            )
        numbers.append(row["Id"])
    return numbers
