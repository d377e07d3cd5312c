"""Raw deliveries: kept compressed, as received, with what became of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from isal import isal_zlib
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
)

from engines import Kind, kind_of
from engines.chunks import chunks
from schema.tables.deliveries import deliveries
from store.deliveries import body as bodies
from store.write.stored_rows import Values
from store.write.upsert import insert_or

APPLIED, QUARANTINED, IGNORED = "applied", "quarantined", "ignored"
LEVEL = 1  # costs little, and CI payloads shrink to a fifth all the same
PAGE = 200
NAME = deliveries.name
"""Stands in an error that says that a guid is stored already, too."""
NEW = insert(deliveries).inline()


class Delivery(NamedTuple):
    """One delivery as received; `receivetime` in UTC without zone."""

    provider: str
    guid: str
    hookid: int | None
    event: str
    action: str | None
    repo: str | None
    receivetime: datetime
    body: bytes


class DeliveryFilter(NamedTuple):
    """Which stored deliveries to read again; None means any. Times in UTC without zone."""

    states: tuple[str, ...] = (APPLIED, QUARANTINED)
    since: datetime | None = None
    until: datetime | None = None
    guid: str | None = None
    event: str | None = None
    repositories: Collection[str] | None = None
    """Full names in lower case."""


def now() -> datetime:
    """Return the time in UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def read_seen_guids(connection: Connection, provider: str, guids: Sequence[str]) -> set[str]:
    """Return the guids that were seen, whatever became of them."""
    seen: set[str] = set()
    for chunk in chunks(guids):
        its = (deliveries.c.provider == provider, deliveries.c.guid.in_(chunk))
        query = select(deliveries.c.guid).where(*its)
        seen |= set(connection.scalars(query))
    return seen


def save_all(
    connection: Connection,
    saved: Iterable[tuple[Delivery, str, str | None]],
    packed: Mapping[bodies.Key, bytes] | None = None,
) -> None:
    """Store deliveries, each with its state and the error that led to it.

    A guid that was applied once stays applied. `packed` are bodies that are compressed already.
    """
    known = packed or {}
    save_rows(connection, [
        row_of(delivery, state, error, known.get((delivery.provider, delivery.guid)))
        for delivery, state, error in saved
    ])  # fmt: skip


def row_of(delivery: Delivery, state: str, error: str | None, packed: bytes | None) -> Values:
    """Return the row of a delivery, with all of its body."""
    if state == IGNORED:
        packed = None
    elif packed is None:
        packed = isal_zlib.compress(delivery.body, LEVEL)
    return {
        **delivery._asdict(),
        "body": packed,
        "bodyhash": None if state == IGNORED else bodies.hash_of(delivery.body),
        "state": state,
        "attempts": 1,
        "error": error,
        "applytime": now() if state == APPLIED else None,
    }


def save_rows(connection: Connection, rows: Sequence[Values], *, are_new: bool = False) -> None:
    """Store the rows of deliveries; where they `are_new`, the database refuses one that is not."""
    long = {
        (row["provider"], row["guid"]): row["body"]
        for row in rows
        if row["body"] is not None and len(row["body"]) >= bodies.PART_BYTES
    }
    if long:  # the rows stay as they are: a transaction that is done again takes them again
        rows = [{**row, "body": row["body"] and row["body"][: bodies.PART_BYTES]} for row in rows]
    kind = kind_of(connection)
    kind.post(connection, NEW if are_new else statement(kind), rows)
    for key, body in long.items():
        bodies.write_parts(connection, key, body)


@lru_cache
def statement(kind: Kind) -> Any:
    """Return the upsert of a delivery."""
    return insert_or(kind, deliveries, merged)


def merged(new: Any) -> list[tuple[str, Any]]:
    """Return what a stored delivery becomes when its guid comes again.

    Without a bound value: only then does PyMySQL send many rows in one statement.
    """
    applied: ColumnElement[str] = literal_column(f"'{APPLIED}'")
    ignored: ColumnElement[str] = literal_column(f"'{IGNORED}'")
    # Neither an applied delivery nor the body of a quarantined one is given up.
    settled = or_(
        and_(deliveries.c.state == applied, new.state != applied),
        and_(deliveries.c.state != ignored, new.state == ignored),
    )
    kept = ("hookid", "action", "repo", "body", "bodyhash", "error", "applytime", "state")
    assigned = [(name, case((settled, deliveries.c[name]), else_=new[name])) for name in kept]
    # Another writer stores another body at this moment (store/doors/same_guid.py): one is refused.
    differs = and_(deliveries.c.state != ignored, new.bodyhash != deliveries.c.bodyhash)
    event = case((differs, null()), (settled, deliveries.c.event), else_=new.event)
    attempts = deliveries.c.attempts + literal_column("1")
    return [("event", event), ("attempts", attempts), *assigned]


def select_deliveries(wanted: DeliveryFilter) -> Select[tuple[object, ...]]:
    """Return the query for the deliveries that a filter lets through, oldest first."""
    query = select(deliveries).where(
        deliveries.c.state.in_(wanted.states), deliveries.c.body.is_not(None)
    )
    if wanted.since is not None:
        query = query.where(deliveries.c.receivetime >= wanted.since)
    if wanted.until is not None:
        query = query.where(deliveries.c.receivetime < wanted.until)
    if wanted.guid is not None:
        query = query.where(deliveries.c.guid == wanted.guid)
    if wanted.event is not None:
        query = query.where(deliveries.c.event == wanted.event)
    if wanted.repositories is not None:
        query = query.where(func.lower(deliveries.c.repo).in_(wanted.repositories))
    return query.order_by(deliveries.c.Id)


def read_page(
    connection: Connection, wanted: DeliveryFilter, after: int = 0, most: int = PAGE
) -> list[tuple[int, Delivery]]:
    """Return the next stored deliveries that are wanted, with their Ids; empty at the end."""
    query = select_deliveries(wanted).where(deliveries.c.Id > after).limit(most)
    rows = connection.execute(query).all()
    parts = bodies.read_parts(connection, rows)
    return [(row.Id, delivery_of(row, parts)) for row in rows]


def delivery_of(row: Row[Any], parts: Mapping[bodies.Key, bytes]) -> Delivery:
    """Return a stored row, and the `parts` after its body's first, as the delivery it was."""
    whole = isal_zlib.decompress(row.body + parts.get((row.provider, row.guid), b""))
    return Delivery._make([*(getattr(row, name) for name in Delivery._fields[:-1]), whole])
