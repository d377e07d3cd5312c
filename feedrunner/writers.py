"""Records of a feed -> inserted and changed rows, in one transaction, by their streams."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import orjson
from sqlalchemy import Connection, Table, delete

from engines.chunks import chunks
from feedrunner import known_rows
from feedrunner.batch import (
    Batch,
    Loading,
    Written,
    package_ids,
    version_ids,
    write_packages,
    write_versions,
)
from feedrunner.known_rows import word_ids
from feedrunner.messages import Record
from feedrunner.package_address import without_password
from schema.tables import packages as tables
from store.write.upsert import put_rows


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
