"""Records of a feed -> inserted and changed rows, in one transaction, by their streams."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

import orjson
from sqlalchemy import Connection, Table, delete

from engines.chunks import chunks
from feedrunner.messages import Record
from feedrunner.writing import known_rows
from feedrunner.writing.batch import Batch, Loading, Row, Written
from feedrunner.writing.known_rows import Selection, word_ids
from feedrunner.writing.package_rows import (
    package_ids,
    version_ids,
    write_packages,
    write_versions,
)
from feedrunner.writing.row_numbers import Numbers
from schema.tables import packages as tables
from store.packages.addresses import without_password


def write(
    connection: Connection, load: Loading, records: Sequence[Record], listed: Mapping[str, Numbers]
) -> Written:
    """Write records by their streams, those first that others name. Raises BadLine.

    `listed`: by stream, versions whose lists began in this load, so that more of them is added.
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
    rows = [
        {
            "version_id": number,
            "position": values["position"],
            "alternative": values["alternative"] or 0,
            "name": values["name"],
            "kind": values["kind"],
            "dependency_type_id": types[values["kind"]],
            "semver_range": values["range"],
            "onlyif": values["onlyif"],
        }
        for number, (_, _, values, _) in zip(numbers, records, strict=True)
    ]
    key = ["version_id", "position", "alternative"]
    write_lists(batch, tables.dependencies, key, rows, resets="dependency_id")


def write_provides(batch: Batch, records: Sequence[Record]) -> None:
    """Write names that versions answer to; those that came are each version's whole list."""
    numbers = version_ids(batch, records)
    rows = [
        {"version_id": number, "name": values["name"], "provided": values["provided"]}
        for number, (_, _, values, _) in zip(numbers, records, strict=True)
    ]
    write_lists(batch, tables.provides, ["version_id", "name"], rows)


def write_lists(
    batch: Batch, table: Table, key: list[str], rows: list[Row], *, resets: str = ""
) -> None:
    """Write rows of versions, and remove those of lists that began now that did not come."""
    versions = {row["version_id"] for row in rows}
    names = sorted(rows[0])
    stored = batch.find(table, key, names, Selection(table.c.version_id, versions))
    batch.put(table, key, rows, lambda _: stored, resets=resets)
    began = {number for number in versions if number not in batch.listed[table.name]}
    batch.newly_listed[table.name] = began
    own = itemgetter(*key)
    kept = {own(row) for row in rows}
    gone = [row.number for place, row in stored.items() if place not in kept and place[0] in began]
    for part in chunks(gone):
        batch.connection.execute(delete(table).where(table.c.Id.in_(part)))
    batch.changed += len(gone)


def write_addresses(batch: Batch, records: Sequence[Record]) -> None:
    """Write addresses of packages, without passwords; those of before stay."""
    packages = package_ids(batch, records)
    now, connection = batch.load.now, batch.connection
    kinds = sorted({record.values["type"] for record in records})
    types = word_ids(connection, tables.url_types, "name", kinds, now)
    owners = [
        (
            packages[values["package"]],
            (without_password(values["url"]), types[values["type"]]),
        )
        for _, _, values, _ in records
    ]
    wanted = {address for _, address in owners}
    known = known_rows.find_addresses(connection, {url for url, _ in wanted})
    new = sorted(wanted - known.keys())
    batch.insert(tables.urls, ["url", "url_type_id"], [*new])
    if new:
        known = {**known, **known_rows.find_addresses(connection, {url for url, _ in new})}
    table, key = tables.package_urls, ["package_id", "url_id"]
    pairs = {(package, known[address].number) for package, address in owners}
    selection = Selection(table.c.package_id, {package for package, _ in pairs})
    batch.insert(table, key, sorted(pairs - batch.find(table, key, [], selection).keys()))


def write_points(batch: Batch, records: Sequence[Record]) -> None:
    """Write numbers over time; the last of one time counts."""
    table, key, feed = tables.points, ["series", "time"], batch.load.feed
    rows = [{**record.values, "feed": feed} for record in records]
    for row in rows:
        if "labels" in row:
            row["labels"] = orjson.dumps(row["labels"]).decode() if row["labels"] else None
    times = [row["time"] for row in rows]
    span = (table.c.feed == feed, table.c.time.between(min(times), max(times)))
    selection = Selection(table.c.series, {row["series"] for row in rows}, span)
    batch.put(table, key, rows, lambda names: batch.find(table, key, names, selection))


WRITERS: dict[str, Callable[[Batch, Sequence[Record]], None]] = {
    "packages": write_packages,
    "versions": write_versions,
    "dependencies": write_dependencies,
    "provides": write_provides,
    "package_urls": write_addresses,
    "points": write_points,
}
