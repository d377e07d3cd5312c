"""Compare what is stored with the deliveries that it was made from: damage that no engine sees.

A body has its hash, and whatever a delivery says is in a row at least as new. Where a row's version
is that of the delivery, what the delivery says is what the row says; and what is derived follows
from the stored rows. Nothing is changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from isal import isal_zlib
from sqlalchemy import Connection, Engine, Row, select

from engines import reading
from rows import Mapped, Unmappable
from rows.sources import source_of
from schema.tables.deliveries import deliveries as table
from store.deliveries import body
from store.deliveries.table import APPLIED, IGNORED, PAGE, Delivery, delivery_of
from store.doors.decide import label, read_repository
from store.doors.verify_rows import Unreadable, compare_rows, read_parts

SHOWN = 3
HELP = (
    "python3 local-database.py --replay writes missing rows again, --audit --repair reads them"
    " anew; else restore a backup (docs/operating.md)"
)


class Verified(NamedTuple):
    """How many deliveries were compared, the Id of the last, and what is wrong, in sentences."""

    number: int
    last: int
    wrong: list[str]


def verify_newest(engine: Engine) -> Iterator[Verified]:
    """Yield, from the newest page to the oldest, what is wrong. Raises SQLAlchemyError."""
    before: int | None = None
    while before is None or before > 1:
        verified = verify_page(engine, before=before)
        if not verified.number:
            return
        yield verified
        before = verified.last


def verify_page(engine: Engine, after: int | None = None, before: int | None = None) -> Verified:
    """Compare a page of deliveries: the first after an Id, or the newest, below one if given.

    Raises SQLAlchemyError.
    """
    query = select(table.c.Id).limit(PAGE)
    if after is not None:
        query = query.where(table.c.Id > after).order_by(table.c.Id)
    elif before is not None:
        query = query.where(table.c.Id < before).order_by(table.c.Id.desc())
    else:
        query = query.order_by(table.c.Id.desc())
    with reading(engine).connect() as connection:
        numbers = connection.scalars(query).all()
        if not numbers:
            return Verified(0, 0, [])
        wrong, applied = list[str](), list[tuple[str, Mapped]]()
        page = list[Row[Any]]()
        for part in read_parts(numbers, partial(read_deliveries, connection)):
            if isinstance(part, Unreadable):
                wrong.append(f"delivery {part.key}: {part.why}")
            else:
                page += part
        parts = body.read_parts(connection, page)
        for row in page:
            try:
                mapped = read_delivery(row, parts)
            except Unmappable as error:
                wrong.append(f"delivery {row.guid}: {error}")
                continue
            if mapped is not None:
                applied.append((row.guid, mapped))
        wrong += compare_rows(connection, applied)
    return Verified(len(numbers), numbers[-1], wrong)


def read_deliveries(connection: Connection, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    """Return deliveries by their Ids."""
    query = select(table).where(table.c.Id.in_(numbers)).order_by(table.c.Id)
    return connection.execute(query).all()


def read_delivery(row: Row[Any], parts: Mapping[body.Key, bytes]) -> Mapped | None:
    """Return what an applied delivery says; None for another. Raises Unmappable for a damaged one.

    What a mapping of today refuses, as another's did not, says nothing.
    """
    if row.state == IGNORED:
        return None
    if row.body is None:
        raise Unmappable("body", "is missing")
    try:
        delivery = delivery_of(row, parts)
    except (isal_zlib.error, ValueError) as error:  # type: ignore[misc] # in stubs
        raise Unmappable("body", f"is damaged: {error}") from error
    if row.bodyhash is not None and row.bodyhash != body.hash_of(delivery.body):
        raise Unmappable("body", "is not the one that was received")
    return None if row.state != APPLIED else map_again(delivery)


def map_again(delivery: Delivery) -> Mapped | None:
    """Return what a delivery says. Raises Unmappable where its columns say something else."""
    payload = body.read_payload(delivery.body)
    source, repository = source_of(delivery.provider), read_repository(delivery.provider, payload)
    if delivery.event not in source.events:
        raise Unmappable("event", f"{delivery.event} fills no table")
    told = {"action": label(source.action_of(payload))}
    if repository is not None:
        told["repo"] = label(repository.name)
    for name, value in told.items():
        if getattr(delivery, name) not in (value, None):
            raise Unmappable(name, "is not what its body says")
    try:
        return source.rows_for(delivery.event, payload, repository, delivery.receivetime)
    except Unmappable:
        return None


def summary(wrong: Sequence[str]) -> str:
    """Return in one sentence what is wrong and what helps; empty where nothing is."""
    if not wrong:
        return ""
    first = "; ".join(wrong[:SHOWN])
    more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return f"{first}{more}: {HELP}"
