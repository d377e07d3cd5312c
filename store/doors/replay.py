"""Write the rows of stored deliveries again, and note what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from engines.mysql import reading
from engines.transaction import transact
from rows import Mapped
from schema.tables.ci import deliveries
from store import apply
from store.deliveries import body
from store.deliveries.table import APPLIED, IGNORED, QUARANTINED, Wanted, chosen, now
from store.write.version_cache import Known


def count(engine: Engine, wanted: Wanted) -> int:
    """Return how many stored deliveries are wanted."""
    query = select(func.count()).select_from(chosen(wanted).order_by(None).subquery())
    with reading(engine).connect() as connection:
        return int(connection.execute(query).scalar_one())


def apply_again(engine: Engine, page: Sequence[tuple[int, Mapped]]) -> None:
    """Write the rows of deliveries and their state, by Id, in one transaction.

    Raises Unmappable or SQLAlchemyError for a row that no column holds: nothing is written then.
    """
    known = apply.KNOWN.setdefault(engine, Known())

    def work(connection: Connection) -> apply.Tables:
        written = apply.apply(connection, [mapped for _, mapped in page], known)
        change = {"state": APPLIED, "error": None, "applytime": now()}
        settle(connection, [number for number, _ in page], change)
        return written

    apply.remember(known, transact(engine, work))


def still_quarantined(engine: Engine, number: int, error: str) -> None:
    """Note why a delivery cannot be mapped yet. One that was applied once stays applied."""
    transact(engine, lambda connection: settle(connection, [number], {"error": error}, QUARANTINED))


def ignored(engine: Engine, number: int, why: str) -> None:
    """Note that a quarantined delivery is not for us, and let go of its body."""
    change = {"state": IGNORED, "error": why, "body": None}

    def work(connection: Connection) -> None:
        its_key = select(deliveries.c.provider, deliveries.c.guid).where(
            deliveries.c.Id == number, deliveries.c.state == QUARANTINED
        )
        keys = [(provider, guid) for provider, guid in connection.execute(its_key)]
        settle(connection, [number], change, QUARANTINED)
        body.drop(connection, keys)

    transact(engine, work)


def settle(
    connection: Connection, numbers: Sequence[int], change: dict[str, Any], only: str | None = None
) -> None:
    """Change the rows with these Ids, those in state `only` if given."""
    statement = update(deliveries).where(deliveries.c.Id.in_(numbers))
    if only is not None:
        statement = statement.where(deliveries.c.state == only)
    connection.execute(statement.values(attempts=deliveries.c.attempts + 1, **change))
