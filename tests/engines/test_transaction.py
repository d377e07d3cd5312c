"""A transaction is carried out whole or not at all, whatever stops it."""

import pytest
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from engines import connect, deadline
from engines.transaction import transact
from schema.tables.reconciler import marks
from store.deliveries.table import now


def mark(connection: Connection, name: str) -> None:
    """Add a row that nothing but its name tells from others."""
    connection.execute(insert(marks).values(subject="", name=name, time=now()))


def names(engine: Engine) -> set[str]:
    """Return the rows that are committed."""
    with engine.connect() as connection:
        return set(connection.scalars(select(marks.c.name)))


def test_lock_that_is_never_had_leaves_nothing_of_its_transaction(engine: Engine, store_url: str):
    transact(engine, lambda connection: mark(connection, "locked"))
    locked = update(marks).where(marks.c.name == "locked").values(value="ours")

    def work(connection: Connection) -> None:
        mark(connection, "first half")
        connection.execute(locked)

    other = connect(store_url)
    with other.begin() as holding:
        holding.execute(locked)
        with pytest.raises(SQLAlchemyError), deadline.within(2.5):
            transact(engine, work)
    assert names(other) == {"locked"}
    transact(engine, work)
    assert names(other) == {"locked", "first half"}
    other.dispose()
