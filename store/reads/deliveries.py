"""Named SELECTs for raw deliveries: those that made a run, and one with its body."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from isal import isal_zlib
from sqlalchemy import Connection, false, or_, select
from sqlalchemy.exc import DBAPIError

from config.calendar import LAST
from engines import faults
from rows import Unmappable
from rows.source_record import Source
from rows.sources import source_of
from schema.tables.deliveries import deliveries
from store.deliveries import body as bodies
from store.deliveries.table import Delivery, delivery_of
from store.name_parts import fits
from store.reads.runs import Run

EARLY, LATE = timedelta(minutes=10), timedelta(hours=1)
"""How far a delivery's time of receipt may lie from the times its vendor gave, clocks included."""
LOOKED_AT = 600
SEARCHED = 5_000
"""So many deliveries are looked through for a page."""


class DeliveryLine(NamedTuple):
    """A stored delivery without its body; `receivetime` in UTC without zone.

    `error`: why it is quarantined, or what of an applied one could not be read.
    """

    provider: str
    guid: str
    event: str
    action: str | None
    receivetime: datetime
    state: str
    error: str | None
    repo: str | None = None


class RunDeliveries(NamedTuple):
    """The deliveries that made a run; `whole` unless there were too many to look at all.

    None are told to who may not read what they hold: `readable` is false.
    """

    deliveries: list[DeliveryLine]
    whole: bool
    readable: bool = True


def may_read_bodies(connection: Connection) -> bool:
    """Tell whether this account may read what deliveries hold: one that only reads need not."""
    try:
        with connection.begin_nested():
            connection.execute(select(deliveries.c.body).where(false()))
    except DBAPIError as error:
        if faults.fault(error) != faults.ACCESS:
            raise
        return False
    return True


def list_deliveries(connection: Connection, run: Run) -> RunDeliveries:
    """Return the deliveries that speak of a run, as they came.

    No column says which run a delivery is about: those received while it ran are opened. What
    was redelivered later, or read by a backfill, is not among them.
    """
    begin, end = run.createtime, run.updatetime or run.endtime or run.createtime
    if begin is None or end is None:
        return RunDeliveries([], True)
    if not may_read_bodies(connection):
        return RunDeliveries([], True, readable=False)
    table, source = deliveries.c, source_of(run.provider)
    query = (
        select(*(table[name] for name in DeliveryLine._fields), table.body)
        .where(
            table.receivetime >= begin - EARLY,
            table.receivetime < min(max(begin, end), LAST) + LATE,
            table.provider == run.provider,
            table.event.in_(source.run_events),
            table.body.is_not(None),
        )
        .order_by(table.receivetime, table.Id)
        .limit(LOOKED_AT)
    )
    rows = connection.execute(query).all()
    lines = [DeliveryLine(*row[:-1]) for row in rows if is_about(source, row.body, run.gitid)]
    return RunDeliveries(lines, len(rows) < LOOKED_AT)


def is_about(source: Source, body: bytes, gitid: int) -> bool:
    """Tell whether a stored body speaks of a run; one of several parts is too long to look at."""
    if len(body) == bodies.PART_BYTES:
        return False
    raw = isal_zlib.decompress(body)
    if str(gitid).encode() not in raw:  # cheaper than parsing, and most are about another run
        return False
    try:
        return gitid in source.runs_of(bodies.read_payload(raw))
    except Unmappable:
        return False


ReceivedPlace = tuple[datetime, int]
"""When a delivery was received, and its Id: a place in the list that outlives it."""


class DeliveryPage(NamedTuple):
    """Deliveries in their order; `after` is the last one's place where others follow."""

    deliveries: list[DeliveryLine]
    after: ReceivedPlace | None
    searched: datetime | None
    """Since when they were looked through, where that was not all."""


class ShownDeliveries(NamedTuple):
    """Which deliveries are listed; empty texts and None mean any. `text` is part of a name.

    `event` is part of one, or all of it in "quotes". `oldest`: those received first come first.
    """

    state: str = ""
    event: str = ""
    text: str = ""
    after: ReceivedPlace | None = None
    oldest: bool = False


def list_page(connection: Connection, wanted: ShownDeliveries, most: int) -> DeliveryPage:
    """Return a page of deliveries, the last received first, among the next SEARCHED of them."""
    table = deliveries.c
    head = select(table.Id, *(table[name] for name in DeliveryLine._fields))
    if wanted.after is not None:
        (time, last), received, number = wanted.after, table.receivetime, table.Id
        head = head.where(
            *(
                (received >= time, or_(received > time, number > last))
                if wanted.oldest
                else (received <= time, or_(received < time, number < last))
            )
        )
    is_narrow = bool(wanted.state or wanted.event or wanted.text)
    limit = SEARCHED if is_narrow else most + 1
    order = [table.receivetime, table.Id]
    ordered = head.order_by(*(order if wanted.oldest else [column.desc() for column in order]))
    rows = connection.execute(ordered.limit(limit)).all()
    left = [row for row in rows if is_wanted(row, wanted)]
    shown = left[:most]
    lines = [DeliveryLine(*row[1:]) for row in shown]
    if len(left) > most:
        return DeliveryPage(lines, (shown[-1].receivetime, shown[-1].Id), None)
    if is_narrow and len(rows) == SEARCHED:
        last_read = rows[-1].receivetime
        return DeliveryPage(lines, (last_read, rows[-1].Id), last_read)
    return DeliveryPage(lines, None, None)


def is_wanted(row: Any, wanted: ShownDeliveries) -> bool:
    """Tell whether a delivery is one of those that are listed."""
    words = " ".join(filter(None, (row.guid, row.event, row.action, row.repo, row.error)))
    return (
        wanted.state in ("", row.state)
        and fits(wanted.event, row.event)
        and wanted.text.casefold() in words.casefold()
    )


def find_delivery(
    connection: Connection, provider: str, guid: str
) -> tuple[DeliveryLine, Delivery] | None:
    """Return a delivery with its body as received, None if it is not kept."""
    table = deliveries.c
    query = select(deliveries).where(
        table.provider == provider, table.guid == guid, table.body.is_not(None)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    raw = DeliveryLine(*(getattr(row, name) for name in DeliveryLine._fields))
    return raw, delivery_of(row, bodies.read_parts(connection, [row]))
