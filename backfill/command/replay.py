"""Map stored deliveries again: after a mapping was mended, its rows are, too.

Each delivery goes through the same mapping and `store.apply` as when it came in. A mapping whose
revision was raised (rows/version.py) wins over the rows it wrote before.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.watched import is_watched
from engines import faults
from engines.mysql import reading
from rows import Mapped, Unmappable
from rows.github.events import EVENTS, rows_for
from store import apply
from store.deliveries import bodies, table
from store.deliveries.table import Delivery, Wanted
from store.doors import dry_run as preview
from store.doors import replay as replays
from store.write.repositories import key_of

Page = list[tuple[int, Delivery]]
SHOWN = 60  # letters of a value
EXAMPLES = 20  # failures named one by one


def replay(engine: Engine, wanted: Wanted, patterns: tuple[str, ...]) -> int:
    """Map the wanted deliveries again and write their rows; return the exit code.

    A quarantined delivery that can be mapped now becomes applied, unless it is of a repository
    that `patterns` does not watch; one that still cannot keeps the newest reason.
    """
    total, told = replays.count(engine, wanted), Counter[str]()
    for page in pages(engine, wanted):
        ready = [found for found in (mapped(engine, one, patterns, told) for one in page) if found]
        write(engine, ready, told)
        told["read"] += len(page)
        print(f"replayed {told['read']} of {total}", file=sys.stderr, flush=True)
    print(
        f"{told['read']} deliveries replayed: {told['applied']} applied, "
        f"{told['ignored']} of repositories that are not watched, {told['failed']} not mappable"
    )
    return 1 if told["failed"] else 0


def pages(engine: Engine, wanted: Wanted) -> Iterator[Page]:
    """Yield the wanted deliveries in the order they came, a page at a time."""
    after = 0
    while True:
        with reading(engine).connect() as connection:
            found = table.page(connection, wanted, after)
        if not found:
            return
        yield found
        after = found[-1][0]


def rows_of(delivery: Delivery) -> Mapped:
    """Return what a stored delivery says. Raises Unmappable."""
    if delivery.event not in EVENTS:
        raise Unmappable(delivery.event, "no table is filled from this event")
    payload = bodies.payload(delivery.body)
    try:
        return rows_for(delivery.event, payload)
    except Unmappable:
        raise
    except Exception as error:  # a mistake of ours in one mapping must not stop the others
        raise Unmappable(delivery.event, faults.cause(error)) from error


def mapped(
    engine: Engine, one: tuple[int, Delivery], patterns: tuple[str, ...], told: Counter[str]
) -> tuple[int, Delivery, Mapped] | None:
    """Return a delivery with its rows; None, with a note of it, where there are none."""
    number, delivery = one
    try:
        found = rows_of(delivery)
    except Unmappable as error:
        fail(engine, number, delivery, str(error), told)
        return None
    if is_ours(engine, found, patterns):
        return number, delivery, found
    replays.ignored(engine, number, f"{found.repository.values['name']} is not watched")
    told["ignored"] += 1
    return None


def is_ours(engine: Engine, found: Mapped, patterns: tuple[str, ...]) -> bool:
    """Tell whether a delivery's repository is watched, by its name or because it has rows."""
    provider, gitid = key_of(found)
    name = str(found.repository.values["name"])
    return is_watched(patterns, name) or apply.is_known(engine, provider, gitid)


def write(engine: Engine, ready: list[tuple[int, Delivery, Mapped]], told: Counter[str]) -> None:
    """Write a page in one transaction; where a row in it is refused, one by one."""
    try:
        replays.apply_again(engine, [(number, found) for number, _, found in ready])
        told["applied"] += len(ready)
        return
    except Unmappable as error:
        refusal = str(error)
    except SQLAlchemyError as error:
        if not faults.is_data(error):
            raise
        refusal = faults.cause(error)
    if len(ready) == 1:
        fail(engine, ready[0][0], ready[0][1], refusal, told)
        return
    for one in ready:
        write(engine, [one], told)


def fail(engine: Engine, number: int, delivery: Delivery, why: str, told: Counter[str]) -> None:
    """Note, and say, that a delivery cannot be mapped."""
    replays.still_quarantined(engine, number, why)
    told["failed"] += 1
    if told["failed"] <= EXAMPLES:
        print(f"{delivery.event} {delivery.guid}: {why}", file=sys.stderr)


def dry_run(engine: Engine, wanted: Wanted, patterns: tuple[str, ...]) -> int:
    """Print which rows a replay would change, from what to what; return the exit code."""
    failed, rows = list[str](), set[tuple[Any, ...]]()
    found = batches(engine, wanted, patterns, failed)
    for change in preview.preview(engine, found, failed):
        rows.add((change.table, change.key))
        print(line(change))
    for why in failed[:EXAMPLES]:
        print(why, file=sys.stderr)
    print(f"{len(rows)} rows would change, {len(failed)} deliveries are not mappable")
    return 1 if failed else 0


def batches(
    engine: Engine, wanted: Wanted, patterns: tuple[str, ...], failed: list[str]
) -> Iterable[list[Mapped]]:
    """Yield what the pages of deliveries say; add to `failed` what cannot be mapped."""
    for page in pages(engine, wanted):
        batch = []
        for _, delivery in page:
            try:
                found = rows_of(delivery)
            except Unmappable as error:
                failed.append(f"{delivery.event} {delivery.guid}: {error}")
                continue
            if is_ours(engine, found, patterns):
                batch.append(found)
        yield batch


def line(change: preview.Change) -> str:
    """Return a change as `table key, column: old -> new`."""
    key = "/".join(str(part) for part in change.key)
    old = "no row" if change.is_new else shown(change.old)
    return f"{change.table} {key}, {change.column}: {old} -> {shown(change.new)}"


def shown(value: object) -> str:
    """Return a value in one short line that no text in it can break."""
    text = "NULL" if value is None else ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
