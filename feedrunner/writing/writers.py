"""Records of a feed -> inserted and changed rows, in one transaction, by their streams."""

import importlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, Table, delete

from engines.chunks import chunks
from feedrunner.messages import Record
from feedrunner.writing import known_rows
from feedrunner.writing.batch import Batch, Loading, Written
from feedrunner.writing.known_rows import Selection, word_ids
from feedrunner.writing.met_rows import MetRows
from feedrunner.writing.package_rows import (
    owners_of,
    package_ids,
    version_ids,
    write_packages,
    write_versions,
)
from feedrunner.writing.row_numbers import Numbers
from schema.tables import packages as tables
from store.packages.addresses import without_password

STREAM = attrgetter("stream")
NEED = itemgetter("kind", "position", "alternative", "name", "range", "onlyif")
RUNTIME = "runtime"


def write(
    connection: Connection,
    load: Loading,
    records: Sequence[Record],
    listed: Mapping[str, Numbers],
    met: MetRows,
) -> Written:
    """Write records by their streams, those first that others name. Raises BadLine.

    `listed`: versions whose lists began in this load, so that more of them is added, by stream;
    under `versions` those that it made. `met`: rows that need not be looked for.
    """
    if not records:
        return Written(0, {}, {})
    by_stream = defaultdict[str, list[Record]](list)
    for stream, some in groupby(records, STREAM):
        by_stream[stream] += some
    batch = Batch(connection, load, listed, met)
    for name, write_stream in WRITERS.items():
        if name in by_stream:
            write_stream(batch, by_stream[name])
    return Written(batch.changed, batch.seen, batch.newly_listed)


def write_dependencies(batch: Batch, records: Sequence[Record]) -> None:
    """Write what versions need; those that came are each version's whole list."""
    numbers = version_ids(batch, records)
    needs = [*map(NEED, (record.values for record in records))]
    kinds = sorted({kind or RUNTIME for kind, *_ in needs})
    types = word_ids(batch.connection, tables.depends_on_types, "name", kinds, batch.load.now)
    rows = [
        (number, position, alternative or 0, name, kind or RUNTIME, types[kind or RUNTIME], *more)
        for number, (kind, position, alternative, name, *more) in zip(numbers, needs, strict=True)
    ]
    names = ["version_id", "position", "alternative", "name", "kind", "dependency_type_id"]
    names += ["semver_range", "onlyif"]
    new = write_lists(batch, tables.dependencies, names, 3, rows, resets="dependency_id")
    packages = owners_of(batch, {row[3] for row in new})
    linked = [(*row, packages.get(row[3])) for row in new]
    batch.insert(tables.dependencies, [*names, "dependency_id"], linked)


def write_provides(batch: Batch, records: Sequence[Record]) -> None:
    """Write names that versions answer to; those that came are each version's whole list."""
    numbers = version_ids(batch, records)
    rows = [
        (number, record.values["name"], record.values["provided"])
        for number, record in zip(numbers, records, strict=True)
    ]
    names = ["version_id", "name", "provided"]
    batch.insert(tables.provides, names, write_lists(batch, tables.provides, names, 2, rows))


def write_lists(
    batch: Batch,
    table: Table,
    names: Sequence[str],
    width: int,
    rows: list[tuple[Any, ...]],
    *,
    resets: str = "",
) -> list[tuple[Any, ...]]:
    """Change rows of versions, remove those of lists that began now that did not come.

    Rows have a value for each of `names`, of which the first are the key, `width` of them. Returns
    those that are new. `resets`: a column that a change empties.
    """
    versions = {row[0] for row in rows}
    began = {number for number in versions if number not in batch.listed[table.name]}
    batch.newly_listed[table.name] = began
    # The list of a version that came in this load is empty when it begins.
    known = {number for number in versions if number not in began or not batch.has_made(number)}
    selection = Selection(table.c.version_id, known)
    stored = batch.find(table, names[:width], names[width:], selection)
    last = {row[:width]: row for row in rows}
    if not stored:
        return [*last.values()]
    changes = [
        {**dict(zip(names, row, strict=True)), "row": stored[place].number}
        for place, row in last.items()
        if place in stored and stored[place].values != row[width:]
    ]
    batch.change(table, (*names, *([resets] if resets else ())), changes)
    gone = [row.number for place, row in stored.items() if place not in last and place[0] in began]
    for part in chunks(gone):
        batch.connection.execute(delete(table).where(table.c.Id.in_(part)))
    batch.changed += len(gone)
    return [row for place, row in last.items() if place not in stored]


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
    stored = known_rows.find_addresses(connection, {url for url, _ in wanted})
    known = {address: row.number for address, row in stored.items()}
    new, last = sorted(wanted - known.keys()), known_rows.last_number(connection, tables.urls)
    batch.insert(tables.urls, ["url", "url_type_id"], new)
    known |= batch.new_numbers(tables.urls, ["url", "url_type_id"], last, {*new})
    table, key = tables.package_urls, ["package_id", "url_id"]
    pairs = {(package, known[address]) for package, address in owners}
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


def write_ci(batch: Batch, records: Sequence[Record]) -> None:
    """Write repositories, runs and jobs, as a vendor's API gives them."""
    # A load of packages has no use for all that vendors' rows need.
    module = importlib.import_module("feedrunner.writing.vendor_objects")
    batch.changed += module.write_objects(batch.connection, batch.load.now, records)


WRITERS: dict[str, Callable[[Batch, Sequence[Record]], None]] = {
    "packages": write_packages,
    "versions": write_versions,
    "dependencies": write_dependencies,
    "provides": write_provides,
    "package_urls": write_addresses,
    "points": write_points,
    "objects": write_ci,
}
