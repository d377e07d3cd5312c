"""Map stored deliveries again, or show what that would change, as a person asked for it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine

from rows import Mapped
from store.deliveries.table import Delivery, Wanted
from store.doors import dry_run as preview
from store.doors import replay as replays

SHOWN = 60  # letters of a value
EXAMPLES = 20  # failures named one by one


def replay(engine: Engine, wanted: Wanted, patterns: tuple[str, ...]) -> int:
    """Map the wanted deliveries again and write their rows; return the exit code."""
    total, counts = replays.count(engine, wanted), Counter[str]()
    for page in replays.replay(engine, wanted, patterns):
        for outcome in page:
            counts[outcome.state] += 1
            if outcome.state == replays.FAILED and counts[replays.FAILED] <= EXAMPLES:
                print(failure(outcome.delivery, outcome.reason), file=sys.stderr)
        print(f"replayed {counts.total()} of {total}", file=sys.stderr, flush=True)
    print(
        f"{counts.total()} deliveries replayed: {counts['applied']} applied, "
        f"{counts['ignored']} of repositories that are not watched, "
        f"{counts['failed']} not mappable"
    )
    return 1 if counts["failed"] else 0


def failure(delivery: Delivery, reason: str | None) -> str:
    """Return which delivery cannot be mapped, and why."""
    return f"{delivery.event} {delivery.guid}: {reason}"


def dry_run(engine: Engine, wanted: Wanted, patterns: tuple[str, ...]) -> int:
    """Print which rows a replay would change, from what to what; return the exit code."""
    failed, rows = list[str](), set[tuple[Any, ...]]()
    batches = mapped_pages(engine, wanted, patterns, failed)
    for change in preview.preview(engine, batches, failed):
        rows.add((change.table, change.key))
        print(line(change))
    for why in failed[:EXAMPLES]:
        print(why, file=sys.stderr)
    print(f"{len(rows)} rows would change, {len(failed)} deliveries are not mappable")
    return 1 if failed else 0


def mapped_pages(
    engine: Engine, wanted: Wanted, patterns: tuple[str, ...], failed: list[str]
) -> Iterable[list[Mapped]]:
    """Yield what the pages of deliveries say; add to `failed` what cannot be mapped."""
    for page in replays.decided(engine, wanted, patterns):
        failed += [
            failure(decision.delivery, decision.reason)
            for _, decision in page
            if decision.mapped is None and not decision.is_foreign
        ]
        yield [decision.mapped for _, decision in page if decision.mapped is not None]


def line(change: preview.Change) -> str:
    """Return a change as `table key, column: old -> new`."""
    key = "/".join(str(part) for part in change.key)
    old = "no row" if change.is_new else shown(change.old)
    return f"{change.table} {key}, {change.column}: {old} -> {shown(change.new)}"


def shown(value: object) -> str:
    """Return a value in one short line that no text in it can break."""
    text = "NULL" if value is None else ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
