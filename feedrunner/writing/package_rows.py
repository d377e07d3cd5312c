"""Records of packages -> their rows, and the numbers that other rows name them by."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from sys import intern
from typing import Any

from sqlalchemy import update

from feedrunner.messages import BadLine
from feedrunner.writing.batch import Batch
from feedrunner.writing.known_rows import (
    Selection,
    Stored,
    last_number,
    packages_named,
)
from feedrunner.writing.met_rows import NAMES, PACKAGES
from feedrunner.writing.waiting_rows import Rows, records_of
from schema.tables import packages as tables


def write_packages(batch: Batch, shapes: Sequence[Rows]) -> None:
    if len(shapes) == 1 and write_new_packages(batch, shapes[0]):
        return
    table, key = tables.packages, ["import_id"]
    records = records_of(shapes)
    rows = [
        {
            **record.values,
            "import_id": record.values.get("import_id") or record.values["name"],
            "derived_id": derived_id(batch, record.values["name"]),
            "manager": batch.load.manager,
            "package_manager_id": batch.manager,
            "gonetime": None,
        }
        for record in records
    ]
    wanted = batch.met.may_be_there(PACKAGES, {row["import_id"] for row in rows})
    selection, before = packages_named(batch.manager, wanted), dict[str, tuple[int, str]]()

    def stored(names: Sequence[str]) -> Mapping[Any, Stored]:
        there, at = batch.find(table, key, names, selection), names.index("name")
        for own, row in there.items():  # once for each set of columns: some are changed by then
            before.setdefault(own, (row.number, row.values[at]))
        return there

    last = last_number(batch.connection, table)
    numbers = batch.put(table, key, rows, stored)
    names = {row["import_id"]: row["name"] for row in rows}
    unlink_renamed(batch, [before[own] for own in numbers if before[own][1] != names[own]])
    if numbers:  # These may be called otherwise from now on.
        batch.met.forget(NAMES)
    new = batch.new_numbers(table, key, last, names.keys() - numbers.keys())
    note_packages(batch, names, numbers, new)


def unlink_renamed(batch: Batch, renamed: Sequence[tuple[int, str]]) -> None:
    """Let what is needed by a name that a package had lead nowhere until names are linked.

    `renamed`: packages' numbers, and the names that they had.
    """
    needed = tables.dependencies
    for number, name in renamed:
        leading = update(needed).where(needed.c.dependency_id == number, needed.c.name == name)
        batch.connection.execute(leading.values(dependency_id=None))


def write_new_packages(batch: Batch, rows: Rows) -> bool:
    """Write packages that were never there; False, and nothing, where one may have been."""
    table, names = tables.packages, rows.columns["name"]
    given = zip(rows.columns.get("import_id", names), names, strict=True)
    own = [import_id or name for import_id, name in given]
    if not batch.met.are_new(PACKAGES, own):
        return False
    columns = {**rows.columns, "import_id": own}
    columns["derived_id"] = [derived_id(batch, name) for name in names]
    alike = {"manager": batch.load.manager, "package_manager_id": batch.manager}
    last = last_number(batch.connection, table)
    batch.insert(table, [*columns], [*columns.values()], alike)
    new = batch.new_numbers(table, ["import_id"], last, {*own})
    note_packages(batch, dict(zip(own, names, strict=True)), {}, new)
    return True


def derived_id(batch: Batch, name: str) -> str:
    return f"{batch.load.manager}/{name}"[:512]


def note_packages(
    batch: Batch, names: Mapping[str, str], old: Mapping[str, int], new: Mapping[str, int]
) -> None:
    """Keep the numbers of packages, those that were there and those that were not."""
    numbers = {**old, **new}
    batch.seen["packages"] = [*numbers.values()]
    # A text that is kept under several names is kept once.
    batch.met.new[PACKAGES].update((intern(own), number) for own, number in numbers.items())
    if batch.met.is_whole(NAMES):
        by_age = sorted(new.items(), key=itemgetter(1))
        batch.met.new[NAMES].update((intern(names[own]), number) for own, number in by_age)


def package_ids(batch: Batch, rows: Rows) -> dict[str, int]:
    """Return the numbers of the packages that rows name. Raises BadLine for one that is not."""
    named = rows.columns["package"]
    wanted = {*named}
    known = batch.met.of(PACKAGES, wanted)
    lost = packages_named(batch.manager, batch.met.unmet(PACKAGES, wanted, known))
    looked_up = batch.find(tables.packages, ["import_id"], [], lost)
    numbers = {name: row.number for name, row in looked_up.items()}
    batch.met.new[PACKAGES].update(numbers)
    known |= numbers
    if len(known) < len(wanted):
        at = next(at for at, name in enumerate(named) if name not in known)
        said = f"no package {named[at][:64]!r} came before"
        raise BadLine(rows.numbers[at], f"{rows.stream}.package: {said}")
    return known


def owners_of(batch: Batch, names: Collection[str]) -> dict[str, int]:
    """Return which packages of the registry have names; those of a name that came last."""
    c, known = tables.packages.c, batch.met.of(NAMES, names)
    mine = (c.package_manager_id == batch.manager, c.gonetime.is_(None))
    lost = Selection(c.name, batch.met.unmet(NAMES, names, known), mine)
    rows = batch.find(tables.packages, ["Id"], ["name"], lost)
    looked_up = {row.values[0]: number for number, row in sorted(rows.items())}
    batch.met.new[NAMES].update(looked_up)
    return known | looked_up
