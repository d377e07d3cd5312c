"""Ask a database whether deliveries could be stored now, without changing anything."""

import secrets

from sqlalchemy import Engine

from schema.tables.deliveries import deliveries as table
from store import apply
from store.deliveries import table as deliveries
from store.deliveries.table import QUARANTINED, Delivery

BODY = secrets.token_bytes(16 * 1024)
"""As long as a delivery may be once compressed: a few bytes find room on a disk that is full."""


def probe(engine: Engine) -> None:
    """Write a delivery and the tables' other rights, and undo it. Raises SQLAlchemyError.

    A read would not notice a server that became read-only, a right that is missing, or a full
    disk.
    """
    guid = secrets.token_hex(16)
    delivery = Delivery("probe", guid, None, "probe", None, None, deliveries.now(), BODY)
    with engine.connect() as connection, connection.begin() as transaction:
        deliveries.save_all(connection, [(delivery, QUARANTINED, None)])
        for name in ("repos", *apply.ORDER):
            target = table.metadata.tables[name]
            nobody = target.select().where(target.c.Id == 0)
            connection.execute(target.insert().from_select(list(target.c.keys()), nobody))
            connection.execute(target.update().where(target.c.Id == 0).values(Id=0))
        transaction.rollback()
