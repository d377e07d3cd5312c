"""Records of packages and versions -> their rows, and the numbers that other rows name them by."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, select

from engines.chunks import chunks
from feedrunner.messages import BadLine, Record
from feedrunner.writing.batch import Batch, Row
from feedrunner.writing.known_rows import Selection, Stored, packages_named, word_ids
from schema.tables import packages as tables

VERSION = itemgetter("package", "version")
FEW = 20
"""Texts of versions that a condition names: each is looked for in each package."""


def write_packages(batch: Batch, records: Sequence[Record]) -> None:
    table, key = tables.packages, ["import_id"]
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
    ids = {row["import_id"] for row in rows}
    selection = packages_named(batch.manager, ids)
    numbers = batch.put(table, key, rows, lambda names: batch.find(table, key, names, selection))
    new = packages_named(batch.manager, ids - numbers.keys())
    batch.seen["packages"] = [
        *numbers.values(),
        *(row.number for row in batch.find(table, key, [], new).values()),
    ]


def package_ids(batch: Batch, records: Sequence[Record]) -> dict[str, int]:
    """Return the numbers of the packages that records name. Raises BadLine for one that is not."""
    selection = packages_named(batch.manager, {record.values["package"] for record in records})
    known = batch.find(tables.packages, ["import_id"], [], selection)
    if len(known) < len(selection.values):
        for record in records:
            if record.values["package"] not in known:
                raise BadLine(
                    record.number,
                    f"{record.stream}.package: no package {record.values['package'][:64]!r} came"
                    " before",
                )
    return {name: row.number for name, row in known.items()}


def write_versions(batch: Batch, records: Sequence[Record]) -> None:
    packages = package_ids(batch, records)
    said = {record.values["license"] for record in records if record.values.get("license")}
    licenses = word_ids(batch.connection, tables.licenses, "name", sorted(said), batch.load.now)
    table, key = tables.versions, ["package_id", "version"]
    selection = versions_of({*packages.values()}, records)
    earliest = batch.find(table, key, ["published_at"], selection)
    rows = list[Row]()
    for record in records:
        row = {**record.values, "gonetime": None}
        row["package_id"] = packages[row.pop("package")]
        if "license" in row:
            row["license_id"] = licenses.get(row.pop("license"))
        if row.get("published_at"):
            old = earliest.get((row["package_id"], row["version"]))
            if old and old.values[0]:
                row["published_at"] = min(old.values[0], row["published_at"])
        rows.append(row)

    def stored(names: Sequence[str]) -> Mapping[Any, Stored]:
        return batch.find(table, key, names, selection) if earliest else {}

    numbers = batch.put(table, key, rows, stored)
    new = {place for row in rows if (place := (row["package_id"], row["version"])) not in numbers}
    if new:
        there = batch.find(table, key, [], versions_of({package for package, _ in new}, records))
        numbers |= {place: there[place].number for place in new}
    batch.newly_listed["versions"] = {numbers[place] for place in new}
    batch.seen["versions"] = [*numbers.values()]


def versions_of(package_ids: set[int], records: Sequence[Record]) -> Selection:
    """Return which versions these records may mean, and some more."""
    c, texts = tables.versions.c, {record.values["version"] for record in records}
    few = (c.version.in_(texts),) if len(texts) <= FEW else ()
    return Selection(c.package_id, package_ids, few)


def version_ids(batch: Batch, records: Sequence[Record]) -> list[int]:
    """Return the number of the version of each record. Raises BadLine for one that is not."""
    named = [*map(VERSION, (record.values for record in records))]
    packages, versions = tables.packages.c, tables.versions.c
    texts = {version for _, version in named}
    bound: Any = bindparam("packages", expanding=True)
    query = (
        select(packages.import_id, versions.version, versions.Id)
        .join(tables.versions, versions.package_id == packages.Id)
        .where(packages.package_manager_id == batch.manager, packages.import_id.in_(bound))
    )
    if len(texts) <= FEW:
        query = query.where(versions.version.in_(texts))
    numbers = dict[Any, int]()
    for part in chunks({package for package, _ in named}):
        for package, version, number in batch.connection.execute(query, {"packages": part}):
            if version in texts:
                numbers[package, version] = number
    try:
        return [numbers[version] for version in named]
    except KeyError:
        package_ids(batch, records)
        record = next(record for record in records if VERSION(record.values) not in numbers)
        package, version = VERSION(record.values)
        said = f"no version {version[:64]!r} of {package[:64]!r} came before"
        raise BadLine(record.number, f"{record.stream}.version: {said}") from None


def owners_of(batch: Batch, names: Collection[str]) -> dict[str, int]:
    """Return which packages of the registry have names; those of a name that came last."""
    c = tables.packages.c
    mine = (c.package_manager_id == batch.manager, c.gonetime.is_(None))
    rows = batch.find(tables.packages, ["Id"], ["name"], Selection(c.name, names, mine))
    return {row.values[0]: number for number, row in sorted(rows.items())}
