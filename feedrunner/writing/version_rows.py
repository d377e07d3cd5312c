"""Records of versions -> their rows, and the numbers that other rows name them by."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain, groupby, repeat, takewhile
from operator import itemgetter
from sys import intern
from typing import Any

from sqlalchemy import select

from engines.bulk.listed import rows_listed
from feedrunner.messages import BadLine, Record
from feedrunner.writing.batch import Batch, Row
from feedrunner.writing.known_rows import Selection, Stored, last_number
from feedrunner.writing.met_rows import VERSIONS
from feedrunner.writing.package_rows import package_ids
from feedrunner.writing.waiting_rows import Rows, records_of
from schema.tables import packages as tables

VERSION = itemgetter("package", "version")
FEW = 20
"""Texts of versions that a condition names: each is looked for in each package."""


def write_versions(batch: Batch, shapes: Sequence[Rows]) -> None:
    packages = dict[str, int]()
    for some in sorted(shapes, key=lambda some: some.numbers[0]):
        packages |= package_ids(batch, some)
    if len(shapes) == 1 and write_new_versions(batch, shapes[0], packages):
        return
    records = records_of(shapes)
    licenses = license_ids(batch, [record.values.get("license") for record in records])
    table, key = tables.versions, ["package_id", "version"]
    there = batch.met.may_be_there(VERSIONS, {VERSION(record.values) for record in records})
    selection = versions_of({packages[package] for package, _ in there}, records)
    there_before = batch.find(table, key, ["published_at"], selection)
    published = {place: row.values[0] for place, row in there_before.items()}
    rows = list[Row]()
    for record in records:
        row = {**record.values, "gonetime": None}
        row["package_id"] = packages[row.pop("package")]
        if "license" in row:
            row["license_id"] = licenses.get(row.pop("license"))
        if "published_at" in row:
            place = row["package_id"], row["version"]
            told = [time for time in (published.get(place), row["published_at"]) if time]
            # Of times that follow each other the earliest counts; what is empty begins anew.
            row["published_at"] = published[place] = min(told) if row["published_at"] else None
        rows.append(row)

    def stored(names: Sequence[str]) -> Mapping[Any, Stored]:
        return batch.find(table, key, names, selection) if there_before else {}

    last = last_number(batch.connection, table)
    numbers = batch.put(table, key, rows, stored)
    places = {(row["package_id"], row["version"]) for row in rows}
    new = batch.new_numbers(table, key, last, places - numbers.keys())
    note_versions(
        batch, [*map(VERSION, (record.values for record in records))], packages, new, numbers
    )


def write_new_versions(batch: Batch, rows: Rows, packages: Mapping[str, int]) -> bool:
    """Write versions that were never there; False, and nothing, where one may have been."""
    columns = {**rows.columns}
    named = [*zip(columns.pop("package"), columns["version"], strict=True)]
    if not batch.met.are_new(VERSIONS, named):
        return False
    if "license" in columns:
        said = columns.pop("license")
        columns["license_id"] = [*map(license_ids(batch, said).get, said)]
    columns["package_id"] = [packages[package] for package, _ in named]
    last = last_number(batch.connection, tables.versions)
    batch.insert(tables.versions, [*columns], [*columns.values()])
    places = {*zip(columns["package_id"], columns["version"], strict=True)}
    new = batch.new_numbers(tables.versions, ["package_id", "version"], last, places)
    note_versions(batch, named, packages, new, {})
    return True


def license_ids(batch: Batch, said: Sequence[str | None]) -> Mapping[Any, int]:
    """Return the numbers of licenses, written where they are new."""
    words = sorted({license for license in said if license})
    return batch.word_ids(tables.licenses, "name", words)


def note_versions(
    batch: Batch,
    named: Sequence[tuple[str, str]],
    packages: Mapping[str, int],
    new: Mapping[tuple[int, str], int],
    old: Mapping[tuple[int, str], int],
) -> None:
    """Keep the numbers of versions, those that were not there and those that were."""
    numbers = {**old, **new}
    batch.newly_listed["versions"] = {*new.values()}
    batch.seen["versions"] = [*numbers.values()]
    batch.met.new[VERSIONS].update(
        ((intern(package), version), numbers[packages[package], version])
        for package, version in named
    )


def versions_of(package_ids: set[int], records: Sequence[Record]) -> Selection:
    """Return which versions these records may mean, and some more."""
    c, texts = tables.versions.c, {record.values["version"] for record in records}
    few = (c.version.in_(texts),) if len(texts) <= FEW else ()
    return Selection(c.package_id, package_ids, few)


def version_ids(batch: Batch, rows: Rows) -> list[int]:
    """Return the number of the version of each row. Raises BadLine for one that is not."""
    named = zip(rows.columns["package"], rows.columns["version"], strict=True)
    # Those of a version follow each other.
    lists = [(place, len([*same])) for place, same in groupby(named)]
    wanted = {place for place, _ in lists}
    numbers = batch.met.of(VERSIONS, wanted)
    lost = batch.met.unmet(VERSIONS, wanted, numbers)
    if lost:
        looked_up = find_versions(batch, {*lost})
        batch.met.new[VERSIONS].update(looked_up)
        numbers |= looked_up
    if len(numbers) < len(wanted):
        package_ids(batch, rows)
        at = sum(count for _, count in takewhile(lambda some: some[0] in numbers, lists))
        package, version = rows.columns["package"][at], rows.columns["version"][at]
        said = f"no version {version[:64]!r} of {package[:64]!r} came before"
        raise BadLine(rows.numbers[at], f"{rows.stream}.version: {said}")
    return [*chain.from_iterable(repeat(numbers[place], count) for place, count in lists)]


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
