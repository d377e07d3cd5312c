"""Records of a feed -> inserted and changed rows, in one transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import orjson
from sqlalchemy import Connection, Table, bindparam, delete, insert, update

from engines.chunks import chunks
from feedrunner import known_rows
from feedrunner.known_rows import find_packages, find_versions, word_ids
from feedrunner.known_rows import manager_id as manager_id
from feedrunner.messages import BadLine, Record
from feedrunner.package_address import without_password
from schema.tables import packages as tables
from store.write.upsert import put_rows

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


def write(
    connection: Connection, load: Loading, records: Sequence[Record], listed: Set[int]
) -> Written:
    """Write records by their streams, those first that others name. Raises BadLine.

    `listed`: versions whose lists began in this load, so that more of them is added.
    """
    by_stream = defaultdict[str, list[Record]](list)
    for record in records:
        by_stream[record.stream].append(record)
    batch = Batch(connection, load, listed)
    for name, write_stream in WRITERS.items():
        if name in by_stream:
            write_stream(batch, by_stream[name])
    return Written(batch.changed, batch.seen, batch.newly_listed)


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


def write_dependencies(batch: Batch, records: Sequence[Record]) -> None:
    """Write what versions need; those that came are each version's whole list."""
    numbers = version_ids(batch, records)
    kinds = sorted({record.values["kind"] for record in records})
    types = word_ids(batch.connection, tables.depends_on_types, "name", kinds, batch.load.now)
    key = ["version_id", "position", "alternative"]
    rows = [
        {
            "version_id": number,
            "position": record.values["position"],
            "alternative": record.values["alternative"] or 0,
            "name": record.values["name"],
            "kind": record.values["kind"],
            "dependency_type_id": types[record.values["kind"]],
            "semver_range": record.values["range"],
            "onlyif": record.values["onlyif"],
        }
        for number, record in zip(numbers, records, strict=True)
    ]
    table = tables.dependencies
    stored = {
        tuple(row[name] for name in key): row
        for row in known_rows.find_of_versions(batch.connection, table, {*numbers})
    }
    for row in rows:
        old = stored.get(tuple(row[name] for name in key))
        if old is not None and old["name"] != row["name"]:
            row["dependency_id"] = None
    batch.put(table, key, stored, rows)
    batch.newly_listed = {*numbers} - batch.listed
    older = {own: row for own, row in stored.items() if row["version_id"] in batch.newly_listed}
    remove_others(batch, table, older, {tuple(row[name] for name in key) for row in rows})


def write_provides(batch: Batch, records: Sequence[Record]) -> None:
    numbers = version_ids(batch, records)
    table, key = tables.provides, ["version_id", "name"]
    rows = [
        {"version_id": number, **{name: record.values[name] for name in ("name", "provided")}}
        for number, record in zip(numbers, records, strict=True)
    ]
    stored = {
        (row["version_id"], row["name"]): row
        for row in known_rows.find_of_versions(batch.connection, table, {*numbers})
    }
    batch.put(table, key, stored, rows)


def remove_others(
    batch: Batch, table: Table, stored: Mapping[Any, Any], kept: set[tuple[Any, ...]]
) -> None:
    """Remove stored rows that are not kept."""
    gone = [row["Id"] for own, row in stored.items() if own not in kept]
    for part in chunks(gone):
        batch.connection.execute(delete(table).where(table.c.Id.in_(part)))
    batch.changed += len(gone)


def write_addresses(batch: Batch, records: Sequence[Record]) -> None:
    packages = package_ids(batch, records)
    now, connection = batch.load.now, batch.connection
    kinds = sorted({record.values["type"] for record in records})
    types = word_ids(connection, tables.url_types, "name", kinds, now)
    wanted = {
        (without_password(record.values["url"]), types[record.values["type"]]) for record in records
    }
    known = known_rows.find_addresses(connection, {url for url, _ in wanted})
    rows = [
        {"url": url, "url_type_id": kind, "created_at": now, "updated_at": now}
        for url, kind in sorted(wanted - known.keys())
    ]
    batch.insert(tables.urls, rows)
    known = known_rows.find_addresses(connection, {url for url, _ in wanted})
    pairs = {
        (
            packages[record.values["package"]],
            known[without_password(record.values["url"]), types[record.values["type"]]],
        )
        for record in records
    }
    there = known_rows.find_package_addresses(connection, {package for package, _ in pairs})
    new = [
        {"package_id": package, "url_id": url, "created_at": now, "updated_at": now}
        for package, url in sorted(pairs - there)
    ]
    batch.insert(tables.package_urls, [{**row, "load_id": batch.load.number} for row in new])


def write_points(batch: Batch, records: Sequence[Record]) -> None:
    """Write numbers over time; the last of one time counts."""
    latest = {
        (record.values["series"], record.values["time"]): {
            "feed": batch.load.feed,
            "series": record.values["series"],
            "time": record.values["time"],
            "value": record.values.get("value"),
            "labels": orjson.dumps(record.values["labels"]).decode()
            if record.values.get("labels")
            else None,
        }
        for record in records
    }
    for part in chunks(latest.values()):
        put_rows(batch.connection, tables.points, part)
    batch.changed += len(latest)


WRITERS: dict[str, Callable[[Batch, Sequence[Record]], None]] = {
    "packages": write_packages,
    "versions": write_versions,
    "dependencies": write_dependencies,
    "provides": write_provides,
    "package_urls": write_addresses,
    "points": write_points,
}
