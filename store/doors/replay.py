"""Map stored deliveries again: after a mapping was mended, its rows are, too.

Each delivery goes through the same decision and `store.apply` as when it came in. A mapping whose
revision was raised (rows/version.py) wins over the rows it wrote before.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select, update

from config.watch import watch
from engines import reading
from engines.transaction import transact
from rows import Mapped
from schema.tables.deliveries import deliveries
from store import apply
from store.deliveries import body, table
from store.deliveries.table import (
    APPLIED,
    IGNORED,
    QUARANTINED,
    Delivery,
    DeliveryFilter,
    now,
    select_deliveries,
)
from store.doors.decide import Decision, decide_each
from store.doors.refusals import reason_of, write_each
from store.state.deleted_repositories import note_ends
from store.state.gone_repositories import mark_all_but_holder
from store.write.repositories import Tables
from store.write.version_cache import VersionCache

FAILED = "failed"
BATCH = 400
"""Deliveries in one transaction, as many as the spool's."""


class ReplayOutcome(NamedTuple):
    """What became of a replayed delivery: applied, ignored, or failed for a reason."""

    delivery: Delivery
    state: str
    reason: str | None = None


class StoredDecision(NamedTuple):
    """A decision about a stored delivery, and the delivery's Id."""

    number: int
    decision: Decision


def count(engine: Engine, wanted: DeliveryFilter) -> int:
    """Return how many stored deliveries are wanted."""
    query = select(func.count()).select_from(select_deliveries(wanted).order_by(None).subquery())
    with reading(engine).connect() as connection:
        return int(connection.execute(query).scalar_one())


def replay(
    engine: Engine, wanted: DeliveryFilter, patterns: Sequence[str]
) -> Iterator[list[ReplayOutcome]]:
    """Map the wanted deliveries again and write their rows; yield what became of each page.

    A quarantined delivery that can be mapped now becomes applied, unless it is of a repository
    that `patterns` does not watch; one that still cannot keeps the newest reason.
    """
    for page in decided(engine, wanted, patterns):
        yield write_page(engine, page)


def decided(
    engine: Engine, wanted: DeliveryFilter, patterns: Sequence[str]
) -> Iterator[list[StoredDecision]]:
    """Yield the decisions about the wanted deliveries, in the order they came, by page."""
    watched = watch(patterns)
    after = 0
    while True:
        with reading(engine).connect() as connection:
            page = table.read_page(connection, wanted, after, BATCH)
        if not page:
            return
        numbers, deliveries = zip(*page, strict=True)
        decisions = decide_each(engine, watched, deliveries)
        yield list(map(StoredDecision, numbers, decisions))
        after = numbers[-1]


def write_page(engine: Engine, page: Sequence[StoredDecision]) -> list[ReplayOutcome]:
    """Write the rows of a page in one transaction, without those that are refused."""
    outcomes = []
    mapped = list[tuple[int, Decision, Mapped]]()

    def fail(number: int, delivery: Delivery, reason: str | None) -> None:
        # One that was applied once stays applied.
        change = {"error": reason}
        transact(engine, lambda connection: settle(connection, [number], change, QUARANTINED))
        outcomes.append(ReplayOutcome(delivery, FAILED, reason))

    def write(part: Sequence[tuple[int, Decision, Mapped]]) -> None:
        apply_again(engine, part)
        outcomes.extend(
            ReplayOutcome(decision.delivery, APPLIED, decision.reason) for _, decision, _ in part
        )

    for number, decision in page:
        if decision.mapped is not None:
            mapped.append((number, decision, decision.mapped))
        elif decision.is_foreign:
            ignore(engine, number, decision.reason)
            outcomes.append(ReplayOutcome(decision.delivery, IGNORED, decision.reason))
        else:
            fail(number, decision.delivery, decision.reason)
    write_each(mapped, write, lambda item, error: fail(item[0], item[1].delivery, reason_of(error)))
    return outcomes


def apply_again(engine: Engine, page: Sequence[tuple[int, Decision, Mapped]]) -> None:
    """Write the rows of deliveries and their state, by Id, in one transaction.

    Raises Unmappable or SQLAlchemyError for a row that no column holds: nothing is written then.
    """

    def work(connection: Connection, cache: VersionCache) -> tuple[Tables, None]:
        written = apply.apply(connection, [mapped for _, _, mapped in page], cache, told=True)
        # A release before this one marked none whose name another took.
        for provider, name in {name_of(mapped) for _, _, mapped in page}:
            mark_all_but_holder(connection, provider, name)
        note_ends(connection, ((mapped, one.delivery.receivetime) for _, one, mapped in page))
        by_reason: dict[str | None, list[int]] = defaultdict(list)
        for number, decision, _ in page:
            by_reason[decision.reason].append(number)
        for reason, numbers in by_reason.items():
            settle(connection, numbers, {"state": APPLIED, "error": reason, "applytime": now()})
        return written, None

    apply.write(engine, work)


def name_of(mapped: Mapped) -> tuple[str, str]:
    """Return the provider of a delivery's repository, and its full name."""
    return mapped.provider, str(mapped.repository.values["name"])


def ignore(engine: Engine, number: int, reason: str | None) -> None:
    """Note that a quarantined delivery is not for us, and let go of its body."""
    change = {"state": IGNORED, "error": reason, "body": None, "bodyhash": None}

    def work(connection: Connection) -> None:
        its_key = select(deliveries.c.provider, deliveries.c.guid).where(
            deliveries.c.Id == number, deliveries.c.state == QUARANTINED
        )
        keys = [(provider, guid) for provider, guid in connection.execute(its_key)]
        settle(connection, [number], change, QUARANTINED)
        body.drop_parts(connection, keys)

    transact(engine, work)


def settle(
    connection: Connection, numbers: Sequence[int], change: dict[str, Any], only: str | None = None
) -> None:
    """Change the rows with these Ids, those in state `only` if given."""
    statement = update(deliveries).where(deliveries.c.Id.in_(numbers))
    if only is not None:
        statement = statement.where(deliveries.c.state == only)
    connection.execute(statement.values(attempts=deliveries.c.attempts + 1, **change))
