"""Read a delivery's body, and keep one that is long in parts.

Compressed bodies are cut to a size that every server takes in one packet, and joined again.
PyMySQL writes bytes in hexadecimal, and a packet is never over max_allowed_packet: 1 MiB on the
most careful of servers. https://dev.mysql.com/doc/refman/8.4/en/packet-too-large.html
"""

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from sqlalchemy import Connection, delete, select

from rows import Unmappable
from schema.tables.deliveries import deliveries, deliveryparts
from store.write.upsert import put_rows

FORM_FIELD = b"payload="
PART_BYTES = 400_000
"""Bytes of a part; a first part of exactly this size may have others after it."""

Key = tuple[str, str]
"""Provider and guid of a delivery."""


def read_payload(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds. Raises Unmappable.

    A hook of content type `form` sends `payload=` and the same JSON, percent-encoded. The bytes
    tell which of the two they are, so a stored body needs no headers to be read again.
    https://docs.github.com/webhooks/using-webhooks/creating-webhooks
    """
    try:
        payload = orjson.loads(form_field(raw) if raw.startswith(FORM_FIELD) else raw)
    except orjson.JSONDecodeError as error:
        raise Unmappable("payload", f"is not strict JSON: {error}") from error
    if not isinstance(payload, dict):
        raise Unmappable("payload", "is not a JSON object")
    return payload


def form_field(raw: bytes) -> bytes:
    """Return the decoded `payload` field of a form that begins with it."""
    field = raw.removeprefix(FORM_FIELD).partition(b"&")[0]
    return unquote_to_bytes(field.replace(b"+", b" "))


def hash_of(body: bytes) -> str:
    """Return what tells a body from any other: its SHA-256 in hexadecimal."""
    return sha256(body).hexdigest()


def write_parts(connection: Connection, key: Key, body: bytes) -> None:
    """Store what follows the first part of a body whose delivery this transaction has written."""
    provider, guid = key
    of_delivery = (deliveries.c.provider == provider, deliveries.c.guid == guid)
    first = connection.execute(select(deliveries.c.body).where(*of_delivery)).scalar_one()
    if first != body[:PART_BYTES]:
        return  # another transaction applied this guid first, and its body stays
    starts = range(PART_BYTES, len(body), PART_BYTES)
    rows = [
        {"provider": provider, "guid": guid, "number": number, "body": body[at : at + PART_BYTES]}
        for number, at in enumerate(starts, start=1)
    ]
    drop_parts(connection, [key], above=len(rows))
    for row in rows:
        put_rows(connection, deliveryparts, [row])


def read_parts(connection: Connection, rows: Iterable[Any]) -> dict[Key, bytes]:
    """Return what follows the first parts of stored deliveries; most have nothing."""
    parts: dict[Key, bytes] = {}
    for row in rows:
        if len(row.body or b"") == PART_BYTES:
            key = row.provider, row.guid
            query = select(deliveryparts.c.body).where(*of(key)).order_by(deliveryparts.c.number)
            parts[key] = b"".join(connection.scalars(query))
    return parts


def drop_parts(connection: Connection, keys: Collection[Key], above: int = 0) -> None:
    """Delete the parts of deliveries with a greater number than `above`; most have none."""
    guids = [guid for _, guid in keys]
    query = select(deliveryparts.c.provider, deliveryparts.c.guid).distinct()
    stored = connection.execute(query.where(deliveryparts.c.guid.in_(guids)))
    for key in {(provider, guid) for provider, guid in stored} & set(keys):
        connection.execute(delete(deliveryparts).where(*of(key), deliveryparts.c.number > above))


def of(key: Key) -> tuple[Any, Any]:
    """Return the conditions for the parts of a delivery."""
    return deliveryparts.c.provider == key[0], deliveryparts.c.guid == key[1]
