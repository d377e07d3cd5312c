"""Cut compressed bodies to a size that every server takes in one packet, and join them again.

PyMySQL writes bytes in hexadecimal, and a packet is never over max_allowed_packet: 1 MiB on the
most careful of servers. https://dev.mysql.com/doc/refman/8.4/en/packet-too-large.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, delete, select

from engines import Kind, kind_of
from schema.tables.ci import deliveries
from schema.tables.deliveries import deliveryparts
from store.write.upsert import insert_or

SIZE = 400_000
"""Bytes of a part; a first part of exactly this size may have others after it."""

Key = tuple[str, str]
"""Provider and guid of a delivery."""


def write(connection: Connection, key: Key, body: bytes) -> None:
    """Store what follows the first part of a body whose delivery this transaction has written."""
    provider, guid = key
    of_delivery = (deliveries.c.provider == provider, deliveries.c.guid == guid)
    first = connection.execute(select(deliveries.c.body).where(*of_delivery)).scalar_one()
    if first != body[:SIZE]:
        return  # another transaction applied this guid first, and its body stays
    starts = range(SIZE, len(body), SIZE)
    rows = [
        {"provider": provider, "guid": guid, "number": number, "body": body[at : at + SIZE]}
        for number, at in enumerate(starts, start=1)
    ]
    drop(connection, [key], above=len(rows))
    for row in rows:
        connection.execute(statement(kind_of(connection)), row)


@lru_cache
def statement(kind: Kind) -> Any:
    """Return the upsert of a part."""
    return insert_or(kind, deliveryparts, lambda new: [("body", new.body)])


def read(connection: Connection, wanted: Iterable[Key]) -> dict[Key, bytes]:
    """Return what follows the first parts."""
    found: dict[Key, bytes] = defaultdict(bytes)
    for key in wanted:
        for (body,) in connection.execute(
            select(deliveryparts.c.body).where(*of(key)).order_by(deliveryparts.c.number)
        ):
            found[key] += body
    return found


def drop(connection: Connection, keys: Collection[Key], above: int = 0) -> None:
    """Delete the parts of deliveries with a greater number than `above`; most have none."""
    guids = [guid for _, guid in keys]
    query = select(deliveryparts.c.provider, deliveryparts.c.guid).distinct()
    found = connection.execute(query.where(deliveryparts.c.guid.in_(guids)))
    for key in {(provider, guid) for provider, guid in found} & set(keys):
        connection.execute(delete(deliveryparts).where(*of(key), deliveryparts.c.number > above))


def of(key: Key) -> tuple[Any, Any]:
    """Return the conditions for the parts of a delivery."""
    return deliveryparts.c.provider == key[0], deliveryparts.c.guid == key[1]
