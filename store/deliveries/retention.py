"""Drop raw deliveries that are no longer needed, a few at a time."""

from datetime import timedelta

from sqlalchemy import Connection, Engine, delete, select

from engines import database_time, reading
from engines.transaction import transact
from schema.tables.deliveries import deliveries
from store.deliveries import body
from store.deliveries.table import APPLIED, IGNORED

BATCH = 500
STATES = (APPLIED, IGNORED)
"""What is quarantined waits for a person, however long that takes."""


def drop(engine: Engine, days: int) -> int:
    """Delete a batch of deliveries that were received more than `days` ago; return how many."""
    # Looked for without a lock: most of the time there is none.
    with reading(engine).connect() as connection:
        before = database_time(connection) - timedelta(days=days)
        queries = [
            select(deliveries.c.Id, deliveries.c.provider, deliveries.c.guid)
            .where(deliveries.c.state == state, deliveries.c.receivetime < before)
            .limit(BATCH)
            for state in STATES
        ]
        rows = [row for query in queries for row in connection.execute(query)]
    if not rows:
        return 0
    numbers = sorted(row.Id for row in rows)

    def work(connection: Connection) -> int:
        body.drop_parts(connection, [(row.provider, row.guid) for row in rows])
        connection.execute(delete(deliveries).where(deliveries.c.Id.in_(numbers)))
        return len(numbers)

    return transact(engine, work)
