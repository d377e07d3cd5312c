"""Store many deliveries in one transaction: what came at once, and what waited in the spool."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from engines.chunks import by_scope
from schema.tables.deliveries import deliveries as table
from store import apply
from store.deliveries import table as deliveries
from store.deliveries.table import APPLIED, QUARANTINED, Delivery
from store.doors.decide import Decision
from store.doors.refusals import is_refusal, reason_of, write_each
from store.write.repositories import Tables
from store.write.version_cache import VersionCache

DUPLICATE = "duplicate"

Key = tuple[str, str]
"""What names a delivery: provider and guid."""
OnBug = Callable[[Exception, Delivery], None]
"""Is told of a mistake of ours, and of the delivery whose rows it spoils."""


class DeliveryOutcome(NamedTuple):
    """What became of a delivery: its state, or `duplicate`; and why it is quarantined."""

    state: str
    reason: str | None = None


Outcomes = dict[Key, DeliveryOutcome]


def nothing() -> None:
    """Do nothing."""


def store_each(
    engine: Engine, batch: Sequence[Decision], on_bug: OnBug, written: Callable[[], None] = nothing
) -> Outcomes:
    """Store deliveries whose guids differ, durable on return; return what became of each.

    It takes one transaction, unless rows are refused: then it is halved down to the delivery that
    is at fault, which is quarantined. `written` is told when only the commit is missing. Raises
    SQLAlchemyError when the database fails; some may be stored by then.
    """
    outcomes: Outcomes = {}

    def write(part: Sequence[Decision]) -> None:
        outcomes.update(store_all(engine, part, written if len(part) == len(batch) else nothing))

    def refuse(decision: Decision, error: Exception) -> None:
        if not is_refusal(error):
            on_bug(error, decision.delivery)
        outcomes.update(quarantine(engine, decision.delivery, reason_of(error)))

    write_each(batch, write, refuse, is_of_rows)
    return outcomes


def is_of_rows(error: Exception) -> bool:
    """Tell whether the database is well: a mistake of ours must not lose a delivery either."""
    return is_refusal(error) or not isinstance(error, SQLAlchemyError)


def quarantine(engine: Engine, delivery: Delivery, reason: str) -> Outcomes:
    """Store a delivery without its rows, with what stands in their way; an applied one stays."""
    return store_all(engine, [Decision(delivery, QUARANTINED, reason)])


def store_all(
    engine: Engine, batch: Sequence[Decision], written: Callable[[], None] = nothing
) -> Outcomes:
    """Store deliveries with their rows, all or none; durable on return.

    Those whose guid was applied before are left as they are. Raises Unmappable for a text that no
    column holds, and SQLAlchemyError when the database fails.
    """

    def work(connection: Connection, cache: VersionCache) -> tuple[Tables, list[Decision]]:
        fresh = without_applied(connection, batch)
        if not fresh:
            return {}, []
        mapped = [decision.mapped for decision in fresh if decision.mapped is not None]
        tables = apply.apply(connection, mapped, cache) if mapped else {}
        deliveries.save_all(connection, [(new.delivery, new.state, new.reason) for new in fresh])
        written()
        return tables, fresh

    fresh = apply.write(engine, work)
    stored = {key_of(new): DeliveryOutcome(new.state, new.reason) for new in fresh}
    return {
        key_of(decision): stored.get(key_of(decision), DeliveryOutcome(DUPLICATE))
        for decision in batch
    }


def key_of(decision: Decision) -> Key:
    """Return what names a decision's delivery."""
    return decision.delivery.provider, decision.delivery.guid


def without_applied(connection: Connection, batch: Sequence[Decision]) -> list[Decision]:
    """Return the deliveries that were not applied yet, in the order of their guids."""
    applied = {
        (provider, guid)
        for provider, guids in by_scope(map(key_of, batch))
        for guid in connection.scalars(APPLIED_GUIDS, {"of": provider, "guids": guids})
    }
    return [new for new in sorted(batch, key=key_of) if key_of(new) not in applied]


APPLIED_GUIDS = select(table.c.guid).where(
    table.c.provider == bindparam("of"),
    table.c.guid.in_(bindparam("guids", expanding=True)),
    table.c.state == APPLIED,
)
