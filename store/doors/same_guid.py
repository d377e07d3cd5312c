"""Tell a delivery that comes again from another one that comes under its guid.

The guid is a header, which no signature covers: a server may give it twice, a tool may send all
with one. A redelivery has the guid and the body of the first, or the same JSON where it was read
from a hook's log, so that what differs is another delivery: it is kept under a guid of its own.

All hooks that ask for an event send it with one guid, and bodies that differ in whom they are for.
https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from isal import isal_zlib
from sqlalchemy import Connection, bindparam, select

from engines.asking.questions import Question, ask
from engines.chunks import by_scope
from rows import Unmappable
from schema.tables.deliveries import deliveries as table
from store.deliveries.body import hash_of, read_parts, read_payload
from store.deliveries.table import APPLIED, IGNORED, QUARANTINED, delivery_of
from store.doors.decide import Decision

Key = tuple[str, str]
"""What names a delivery: provider and guid."""
GUID_LETTERS, HASH_LETTERS = 47, 16
"""Of the guid, and of a hash, in the guid of another delivery: 64 with the `~` between."""

ADDRESSEE = ("installation", "organization", "enterprise")
"""Of a body, what tells whom its hook belongs to, and nothing of what happened."""


class Known(NamedTuple):
    """What is stored of a delivery; an older release noted no hash."""

    state: str
    bodyhash: str | None


def recognize(
    connection: Connection, batch: Sequence[Decision], known: dict[Key, Known]
) -> list[Decision | None]:
    """Return what is to be stored of each delivery, in order; None for what was applied before.

    `known` is what is stored under their guids. One with another body than the first of its guid
    gets a guid of its own, and is quarantined.
    """
    kept: dict[Key, bytes] = {}
    recognized = list[Decision | None]()
    for new in batch:
        decision = new
        while not is_same(first := first_body(connection, decision, known, kept), decision):
            decision = under_own_guid(decision)
            known |= read_known(connection, [key_of(decision)])
        stored = known.get(key_of(decision))
        if stored is not None and stored.state == APPLIED:
            recognized.append(None)
            continue
        if decision.state != IGNORED:
            kept.setdefault(key_of(decision), first)
        own = decision.delivery
        if first is not own.body:  # what is stored already, in other bytes perhaps
            own, decision = own._replace(body=first), decision._replace(packed=None)
        recognized.append(decision._replace(delivery=own))
    return recognized


def key_of(decision: Decision) -> Key:
    """Return what names a decision's delivery."""
    return decision.delivery.provider, decision.delivery.guid


def read_known(connection: Connection, keys: Iterable[Key]) -> dict[Key, Known]:
    """Return what is stored of deliveries, whatever became of them."""
    return {
        (provider, guid): Known(*row)
        for provider, guids in by_scope(keys)
        for guid, *row in ask(connection, Question(KNOWN, {"of": provider, "guids": guids}))[0]
    }


KNOWN = select(table.c.guid, table.c.state, table.c.bodyhash).where(
    table.c.provider == bindparam("of"),
    table.c.guid.in_(bindparam("guids", expanding=True)),
)


def first_body(
    connection: Connection,
    decision: Decision,
    known: Mapping[Key, Known],
    kept: Mapping[Key, bytes],
) -> bytes:
    """Return the body that is stored under a delivery's guid, else its own.

    `kept` are those of this batch. Of what was ignored nothing is kept.
    """
    key, own = key_of(decision), decision.delivery.body
    stored = known.get(key)
    if stored is None or stored.state == IGNORED:
        return kept.get(key, own)
    return own if stored.bodyhash == hash_of(own) else read_body(connection, key)


def read_body(connection: Connection, key: Key) -> bytes:
    """Return a stored body; empty when it is damaged."""
    query = select(table).where(table.c.provider == key[0], table.c.guid == key[1])
    row = connection.execute(query).one()
    try:
        return delivery_of(row, read_parts(connection, [row])).body
    except isal_zlib.error:  # type: ignore[misc] # in stubs
        return b""


def is_same(first: bytes, decision: Decision) -> bool:
    """Tell whether a delivery has this body, the same JSON in other bytes, or for another hook."""
    own = decision.delivery.body
    try:
        return first == own or read_event(first) == read_event(own)
    except (Unmappable, RecursionError):
        return False


def read_event(body: bytes) -> dict[str, Any]:
    """Return what a body tells of its event, whomever it is for. Raises Unmappable."""
    return {key: value for key, value in read_payload(body).items() if key not in ADDRESSEE}


def under_own_guid(decision: Decision) -> Decision:
    """Return a delivery whose guid another one has; it waits for a person, unless it is ignored."""
    delivery = decision.delivery
    mark = hash_of(f"{delivery.guid} ".encode() + delivery.body)[:HASH_LETTERS]
    own = delivery._replace(guid=f"{delivery.guid[:GUID_LETTERS]}~{mark}")
    if decision.state == IGNORED:
        return decision._replace(delivery=own)
    why = f"guid: {delivery.guid} came with another body before; this one is kept as {own.guid}"
    return Decision(own, QUARANTINED, why)
