"""Rows of a feed -> inserted and changed rows, in one transaction, by their streams."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Table, delete

from engines.chunks import chunks
from feedrunner.writing import known_rows
from feedrunner.writing.batch import Batch, Loading, Written
from feedrunner.writing.known_rows import Selection
from feedrunner.writing.met_rows import MetRows
from feedrunner.writing.package_rows import owners_of, package_ids, write_packages
from feedrunner.writing.row_numbers import Numbers
from feedrunner.writing.version_rows import version_ids, write_versions
from feedrunner.writing.waiting_rows import Rows, WaitingRows, records_of
from schema.tables import packages as tables
from store.packages.addresses import without_password

RUNTIME = "runtime"


def write(
    connection: Connection,
    load: Loading,
    rows: WaitingRows,
    listed: Mapping[str, Numbers],
    met: MetRows,
) -> Written:
    """Write rows by their streams, those first that others name. Raises BadLine.

    `listed`: versions whose lists began in this load, so that more of them is added, by stream;
    under `versions` those that it made. `met`: rows that need not be looked for.
    """
    if not rows.count:
        return Written(0, {}, {})
    batch = Batch(connection, load, listed, met)
    for name, write_stream in WRITERS.items():
        shapes = rows.of(name)
        if shapes:
            write_stream(batch, shapes)
    return Written(batch.changed, batch.seen, batch.newly_listed)


def write_dependencies(batch: Batch, shapes: Sequence[Rows]) -> None:
    """Write what versions need; those that came are each version's whole list."""
    (rows,) = shapes  # which have all columns
    c, versions = rows.columns, version_ids(batch, rows)
    kinds = [kind or RUNTIME for kind in c["kind"]]
    known = sorted({*kinds})
    types = batch.word_ids(tables.depends_on_types, "name", known)
    places = [number or 0 for number in c["alternative"]]
    names = ["version_id", "position", "alternative", "name", "kind", "dependency_type_id"]
    names += ["semver_range", "onlyif"]
    columns = [versions, c["position"], places, c["name"], kinds]
    columns += [[*map(types.__getitem__, kinds)], c["range"], c["onlyif"]]
    new = write_lists(batch, tables.dependencies, names, 3, columns, resets="dependency_id")
    needed = new[3] if new else ()
    packages = owners_of(batch, {*needed})
    linked = [*map(packages.get, needed)]
    batch.insert(tables.dependencies, [*names, "dependency_id"], [*new, linked])


def write_provides(batch: Batch, shapes: Sequence[Rows]) -> None:
    """Write names that versions answer to; those that came are each version's whole list."""
    (rows,) = shapes
    columns = [version_ids(batch, rows), rows.columns["name"], rows.columns["provided"]]
    names = ["version_id", "name", "provided"]
    batch.insert(tables.provides, names, write_lists(batch, tables.provides, names, 2, columns))


def write_lists(
    batch: Batch,
    table: Table,
    names: Sequence[str],
    width: int,
    columns: Sequence[Sequence[Any]],
    *,
    resets: str = "",
) -> Sequence[Sequence[Any]]:
    """Change rows of versions, remove those of lists that began now that did not come.

    There is a column for each of `names`, of which the first are the key, `width` of them. Returns
    the columns of those that are new. `resets`: a column that a change empties.
    """
    versions = {*columns[0]}
    began = {number for number in versions if number not in batch.listed[table.name]}
    batch.newly_listed[table.name] = began
    # The list of a version that came in this load is empty when it begins.
    known = {number for number in versions if number not in began or not batch.has_made(number)}
    selection = Selection(table.c.version_id, known)
    stored = batch.find(table, names[:width], names[width:], selection)
    if not stored and len({*zip(*columns[:width], strict=True)}) == len(columns[0]):
        return columns
    last = {row[:width]: row for row in zip(*columns, strict=True)}
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
    return [*zip(*(row for place, row in last.items() if place not in stored), strict=True)]


def write_addresses(batch: Batch, shapes: Sequence[Rows]) -> None:
    """Write addresses of packages, without passwords; those of before stay."""
    (rows,) = shapes
    c, packages = rows.columns, package_ids(batch, rows)
    connection = batch.connection
    types = batch.word_ids(tables.url_types, "name", sorted({*c["type"]}))
    owners = map(packages.__getitem__, c["package"])
    kinds = map(types.__getitem__, c["type"])
    told = [*zip(owners, zip(map(without_password, c["url"]), kinds, strict=True), strict=True)]
    wanted = {address for _, address in told}
    known = known_rows.find_addresses(connection, {url for url, _ in wanted})
    new, last = sorted(wanted - known.keys()), known_rows.last_number(connection, tables.urls)
    batch.insert(tables.urls, ["url", "url_type_id"], [*zip(*new, strict=True)])
    known |= batch.new_numbers(tables.urls, ["url", "url_type_id"], last, {*new})
    table, key = tables.package_urls, ["package_id", "url_id"]
    pairs = {(package, known[address]) for package, address in told}
    stored = known_rows.find_pairs(connection, {package for package, _ in pairs})
    batch.insert(table, key, [*zip(*sorted(pairs - stored), strict=True)])


def write_points(batch: Batch, shapes: Sequence[Rows]) -> None:
    """Write numbers over time; the last of one time counts."""
    table, key, feed = tables.points, ["series", "time"], batch.load.feed
    rows = [{**record.values, "feed": feed} for record in records_of(shapes)]
    for row in rows:
        if "labels" in row:
            row["labels"] = orjson.dumps(row["labels"]).decode() if row["labels"] else None
    times = [row["time"] for row in rows]
    span = (table.c.feed == feed, table.c.time.between(min(times), max(times)))
    selection = Selection(table.c.series, {row["series"] for row in rows}, span)
    batch.put(table, key, rows, lambda names: batch.find(table, key, names, selection))


def write_ci(batch: Batch, shapes: Sequence[Rows]) -> None:
    """Write repositories, runs and jobs, as a vendor's API gives them."""
    # A load of packages has no use for all that vendors' rows need.
    module = importlib.import_module("feedrunner.writing.vendor_objects")
    batch.changed += module.write_objects(batch.connection, batch.load, records_of(shapes))


WRITERS: dict[str, Callable[[Batch, Sequence[Rows]], None]] = {
    "packages": write_packages,
    "versions": write_versions,
    "dependencies": write_dependencies,
    "provides": write_provides,
    "package_urls": write_addresses,
    "points": write_points,
    "objects": write_ci,
}
