"""Map stored deliveries again, or show what that would change, as a person asked for it."""

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine

from rows import Mapped
from rows.counted import counted
from rows.one_line import one_line
from store.deliveries.table import Delivery, DeliveryFilter
from store.doors import dry_run, replay

LONGEST = 60  # letters of a value
EXAMPLES = 20  # failures named one by one


def run_replay(engine: Engine, wanted: DeliveryFilter, patterns: tuple[str, ...]) -> int:
    """Map the wanted deliveries again and write their rows; return the exit code."""
    total, counts = replay.count(engine, wanted), Counter[str]()
    for page in replay.replay(engine, wanted, patterns):
        for outcome in page:
            counts[outcome.state] += 1
            if outcome.state == replay.FAILED and counts[replay.FAILED] <= EXAMPLES:
                print(format_failure(outcome.delivery, outcome.reason), file=sys.stderr)
        print(f"replayed {counts.total()} of {total}", file=sys.stderr, flush=True)
    print(
        f"{counted(counts.total(), 'delivery', 'deliveries')} replayed:"
        f" {counts['applied']} applied, "
        f"{counts['ignored']} of repositories that are not watched, "
        f"{counts['failed']} not mappable"
    )
    return 1 if counts["failed"] else 0


def show_changes(engine: Engine, wanted: DeliveryFilter, patterns: tuple[str, ...]) -> int:
    """Print which rows a replay would change, from what to what; return the exit code."""
    failures, rows = list[str](), set[tuple[Any, ...]]()
    batches = mapped_pages(engine, wanted, patterns, failures)
    for change in dry_run.preview(engine, batches, failures):
        rows.add((change.table, change.key))
        print(format_change(change))
    for failure in failures[:EXAMPLES]:
        print(failure, file=sys.stderr)
    unread = counted(len(failures), "delivery is", "deliveries are")
    print(f"{counted(len(rows), 'row')} would change, {unread} not mappable")
    return 1 if failures else 0


def mapped_pages(
    engine: Engine, wanted: DeliveryFilter, patterns: tuple[str, ...], failures: list[str]
) -> Iterable[list[Mapped]]:
    """Yield what the pages of deliveries say; add to `failures` what cannot be mapped."""
    for page in replay.decided(engine, wanted, patterns):
        failures += [
            format_failure(decision.delivery, decision.reason)
            for _, decision in page
            if decision.mapped is None and not decision.is_foreign
        ]
        yield [decision.mapped for _, decision in page if decision.mapped is not None]


def format_failure(delivery: Delivery, reason: str | None) -> str:
    """Return which delivery cannot be mapped, and why."""
    return one_line(f"{delivery.event} {delivery.guid}: {reason}")


def format_change(change: dry_run.Change) -> str:
    """Return a change as `table key, column: old -> new`."""
    key = "/".join(str(part) for part in change.key)
    old = "no row" if change.is_new else format_value(change.old)
    return one_line(f"{change.table} {key}, {change.column}: {old} -> {format_value(change.new)}")


def format_value(value: object) -> str:
    """Return a value in one short line that no text in it can break."""
    text = "NULL" if value is None else ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
