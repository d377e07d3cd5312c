"""Records of packages and versions -> their rows, and the numbers that other rows name them by."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter, itemgetter
from sys import intern
from typing import Any

from sqlalchemy import select

from engines.bulk.listed import rows_listed
from feedrunner.messages import BadLine, Record
from feedrunner.writing.batch import Batch, Row
from feedrunner.writing.known_rows import (
    Selection,
    Stored,
    last_number,
    packages_named,
    word_ids,
)
from feedrunner.writing.met_rows import NAMES, PACKAGES, VERSIONS
from schema.tables import packages as tables

VERSION, VALUES = itemgetter("package", "version"), attrgetter("values")
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
    there = batch.met.may_be_there(PACKAGES, {row["import_id"] for row in rows})
    selection = packages_named(batch.manager, there)
    last = last_number(batch.connection, table)
    numbers = batch.put(table, key, rows, lambda names: batch.find(table, key, names, selection))
    if numbers:  # These may be called otherwise from now on.
        batch.met.forget(NAMES)
    new = batch.new_numbers(table, key, last, {row["import_id"] for row in rows} - numbers.keys())
    numbers |= new
    batch.seen["packages"] = [*numbers.values()]
    # A text that is kept under several names is kept once.
    batch.met.new[PACKAGES].update((intern(own), number) for own, number in numbers.items())
    if batch.met.is_whole(NAMES):
        named = {row["import_id"]: intern(row["name"]) for row in rows}
        by_age = sorted(new.items(), key=itemgetter(1))
        batch.met.new[NAMES].update((named[own], number) for own, number in by_age)


def package_ids(batch: Batch, records: Sequence[Record]) -> dict[str, int]:
    """Return the numbers of the packages that records name. Raises BadLine for one that is not."""
    wanted = {record.values["package"] for record in records}
    known = batch.met.of(PACKAGES, wanted)
    lost = packages_named(batch.manager, batch.met.unmet(PACKAGES, wanted, known))
    looked_up = batch.find(tables.packages, ["import_id"], [], lost)
    numbers = {name: row.number for name, row in looked_up.items()}
    batch.met.new[PACKAGES].update(numbers)
    known |= numbers
    if len(known) < len(wanted):
        for record in records:
            if record.values["package"] not in known:
                raise BadLine(
                    record.number,
                    f"{record.stream}.package: no package {record.values['package'][:64]!r} came"
                    " before",
                )
    return known


def write_versions(batch: Batch, records: Sequence[Record]) -> None:
    packages = package_ids(batch, records)
    said = {record.values["license"] for record in records if record.values.get("license")}
    licenses = word_ids(batch.connection, tables.licenses, "name", sorted(said), batch.load.now)
    table, key = tables.versions, ["package_id", "version"]
    there = batch.met.may_be_there(VERSIONS, {VERSION(record.values) for record in records})
    selection = versions_of({packages[package] for package, _ in there}, records)
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

    last = last_number(batch.connection, table)
    numbers = batch.put(table, key, rows, stored)
    places = {(row["package_id"], row["version"]) for row in rows}
    new = batch.new_numbers(table, key, last, places - numbers.keys())
    numbers |= new
    batch.newly_listed["versions"] = {*new.values()}
    batch.seen["versions"] = [*numbers.values()]
    for record in records:
        package, version = VERSION(record.values)
        place = (intern(package), version)
        batch.met.new[VERSIONS][place] = numbers[packages[package], version]


def versions_of(package_ids: set[int], records: Sequence[Record]) -> Selection:
    """Return which versions these records may mean, and some more."""
    c, texts = tables.versions.c, {record.values["version"] for record in records}
    few = (c.version.in_(texts),) if len(texts) <= FEW else ()
    return Selection(c.package_id, package_ids, few)


def version_ids(batch: Batch, records: Sequence[Record]) -> list[int]:
    """Return the number of the version of each record. Raises BadLine for one that is not."""
    named = [*map(VERSION, map(VALUES, records))]
    wanted = {*named}
    numbers = batch.met.of(VERSIONS, wanted)
    lost = batch.met.unmet(VERSIONS, wanted, numbers)
    if lost:
        looked_up = find_versions(batch, {*lost})
        batch.met.new[VERSIONS].update(looked_up)
        numbers |= looked_up
    if len(numbers) < len(wanted):
        package_ids(batch, records)
        record = next(record for record in records if VERSION(record.values) not in numbers)
        package, version = VERSION(record.values)
        said = f"no version {version[:64]!r} of {package[:64]!r} came before"
        raise BadLine(record.number, f"{record.stream}.version: {said}")
    return [*map(numbers.__getitem__, named)]


def find_versions(batch: Batch, named: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the numbers of versions, by package and version."""
    packages, versions = tables.packages.c, tables.versions.c
    texts = {version for _, version in named}
    query = (
        select(packages.import_id, versions.version, versions.Id)
        .join(tables.versions, versions.package_id == packages.Id)
        .where(packages.package_manager_id == batch.manager)
    )
    if len(texts) <= FEW:
        query = query.where(versions.version.in_(texts))
    rows = rows_listed(
        batch.connection, query, packages.import_id, {package for package, _ in named}
    )
    numbers = ((row[:2], row[2]) for row in rows)
    return {place: number for place, number in numbers if place in named}


def owners_of(batch: Batch, names: Collection[str]) -> dict[str, int]:
    """Return which packages of the registry have names; those of a name that came last."""
    c, known = tables.packages.c, batch.met.of(NAMES, names)
    mine = (c.package_manager_id == batch.manager, c.gonetime.is_(None))
    lost = Selection(c.name, batch.met.unmet(NAMES, names, known), mine)
    rows = batch.find(tables.packages, ["Id"], ["name"], lost)
    looked_up = {row.values[0]: number for number, row in sorted(rows.items())}
    batch.met.new[NAMES].update(looked_up)
    return known | looked_up
