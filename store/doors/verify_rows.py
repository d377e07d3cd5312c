"""Compare stored rows with what deliveries say of them (store/doors/verify.py)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, select

from rows import Mapped, StoredName
from rows.version import is_current
from rows.words import ABANDONED
from schema.tables.ci import metadata, of_kind, repos
from schema.tables.deliveries import rewrites
from store.write import derived_columns
from store.write.repositories import StoredRepository, values_in
from store.write.repositories import key_of as repository_of
from store.write.stored_rows import Key, Values, by_key, key_of

Result = TypeVar("Result")

SETTLED = ("branches",)
"""What these rows say follows from several moves (store/write/branch_heads.py)."""


class Unreadable(NamedTuple):
    """A row with a value that is none of its column's type."""

    key: Any
    why: str


class Said(NamedTuple):
    """A row as a delivery says it, and which delivery that is."""

    guid: str
    values: Values
    is_placed: bool


def read_parts(
    keys: Sequence[Any], read: Callable[[Sequence[Any]], Result]
) -> Iterator[Result | Unreadable]:
    """Yield what is read of these keys, halved down to the rows in which a value is none."""
    try:
        yield read(keys)
    except (ValueError, TypeError) as error:
        if len(keys) == 1:
            yield Unreadable(keys[0], f"a value cannot be read: {error}")
            return
        half = len(keys) // 2
        yield from read_parts(keys[:half], read)
        yield from read_parts(keys[half:], read)


def compare_rows(connection: Connection, applied: Sequence[tuple[str, Mapped]]) -> Iterator[str]:
    """Yield what is wrong with the rows that deliveries say."""
    wanted = list({repository_of(mapped) for _, mapped in applied})
    places = dict[Key, Values]()
    for part in read_parts(wanted, partial(by_key, connection, repos)):
        places |= {} if isinstance(part, Unreadable) else part
    late = set(connection.scalars(select(rewrites.c.repoid)))
    said: dict[str, dict[Key, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for guid, mapped in applied:
        key, told = repository_of(mapped), mapped.repository.values
        said["repos"][key].append(Said(guid, told, is_placed=False))
        if (place := places.get(key)) is None:
            continue
        stored = StoredRepository(place["Id"], place["name"], place["url"])
        for row in mapped.rows:
            if "version" in metadata.tables[row.table].c:
                values = values_in(stored, row, told)
                is_named = (told["name"], told["url"]) == (stored.name, stored.url)
                row_key = key_of(metadata.tables[row.table], values)
                said[row.table][row_key].append(
                    Said(guid, values, is_named and stored.repoid not in late)
                )
    for name, rows in said.items():
        yield from compare_table(connection, name, rows)
    yield from compare_derived(connection, said["workflowruns"].values())


def compare_table(
    connection: Connection, name: str, said: Mapping[Key, Sequence[Said]]
) -> Iterator[str]:
    """Yield the first thing that is wrong with each row of a table."""
    stored, unreadable = dict[Key, Values](), set[Key]()
    for part in read_parts(list(said), partial(by_key, connection, metadata.tables[name])):
        if isinstance(part, Unreadable):
            unreadable.add(part.key)
            yield f"{name} {shown(part.key)}: {part.why}"
        else:
            stored |= part
    for key, rows in said.items():
        if key in unreadable:
            continue
        row = stored.get(key)
        if row is None:
            yield f"{name} {shown(key)} is missing (delivery {rows[0].guid})"
            continue
        for each in rows:
            if why := differs(name, row, each):
                yield f"{name} {shown(key)}: {why} (delivery {each.guid})"
                break


def differs(name: str, stored: Values, said: Said) -> str:
    """Return how a stored row contradicts a delivery; empty where it does not."""
    values, version = said.values, said.values.get("version")
    if not version:
        return ""
    if is_current(name, stored["version"]) and version > stored["version"]:
        return "it is older than what was received"
    if version != stored["version"] or name in SETTLED:
        return ""
    kinds = ("state", "fixed", *(("place",) if said.is_placed else ()))
    is_abandoned = stored.get("conclusion") == ABANDONED  # its version stays
    for column in of_kind(metadata.tables[name], *kinds):
        if is_abandoned and column in ("status", "conclusion"):
            continue
        value = values.get(column)
        if isinstance(value, StoredName):
            continue
        is_state = metadata.tables[name].c[column].info["kind"] == "state" and column in values
        if (is_state or value is not None) and value != stored[column]:
            return f"{column} is not what was received"
    return ""


def compare_derived(connection: Connection, runs: Iterable[Sequence[Said]]) -> Iterator[str]:
    """Yield the runs and attempts whose derived columns do not follow from the stored rows."""
    touched = [rows[0].values for rows in runs]
    for part in read_parts(touched, partial(derived_anew, connection)):
        if isinstance(part, Unreadable):
            yield f"run {part.key['gitid']}: {part.why}"
        else:
            yield from part


def derived_anew(connection: Connection, touched: Sequence[Values]) -> list[str]:
    """Return what of these runs and their attempts does not follow from the stored rows."""
    stored = derived_columns.lock_runs(connection, touched)
    known = [one for one in touched if (one["provider"], one["gitid"]) in stored]
    attempts, changed = derived_columns.derive_changes(connection, known, [], lambda: stored)
    return [
        f"{name} {shown(key_of(metadata.tables[name], values))}: what is derived differs"
        for name, rows in (("runattempts", attempts), ("workflowruns", changed))
        for values in rows
    ]


def shown(key: Key) -> str:
    """Return a row's key for people."""
    return " ".join(map(str, key))
