"""Who took note of an error, until when: what people wrote stays, the last of it holds."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError

from engines.chunks import chunks
from engines.transaction import transact
from schema.tables.acknowledgements import acknowledgements
from schema.tables.failures import formerfingerprints

ACKNOWLEDGED, WITHDRAWN = "acknowledged", "withdrawn"
TRIES = 5


class Acknowledgement(NamedTuple):
    """What a person wrote of an error: that they look after it until a time, or no more."""

    fingerprint: str
    action: str
    person: str
    login: str | None
    note: str | None
    time: datetime
    untiltime: datetime


def add(engine: Engine, written: Acknowledgement) -> None:
    """Write a row after those of its error. Raises DBAPIError."""
    row = acknowledgements.c

    def work(connection: Connection) -> None:
        its = select(func.max(row.number)).where(row.fingerprint == written.fingerprint)
        number = (connection.scalar(its) or 0) + 1
        connection.execute(acknowledgements.insert(), {**written._asdict(), "number": number})

    for left in reversed(range(TRIES)):
        try:
            return transact(engine, work)
        except IntegrityError:  # somebody else wrote this number in the same moment
            if not left:
                raise


def list_current(
    connection: Connection, fingerprints: Iterable[str], now: datetime
) -> dict[str, Acknowledgement]:
    """Return what holds at a time, by fingerprint."""
    row, step = acknowledgements.c, formerfingerprints.c
    query = select(*(row[name] for name in Acknowledgement._fields)).order_by(row.time, row.number)
    last: dict[str, Acknowledgement] = {}
    for part in chunks(sorted(set(fingerprints))):
        # What was written before its messages were masked anew holds on.
        steps = select(step.former, step.fingerprint).where(step.fingerprint.in_(part))
        newer = {former: fingerprint for former, fingerprint in connection.execute(steps)}
        for written in connection.execute(query.where(row.fingerprint.in_([*part, *newer]))):
            last[newer.get(written.fingerprint, written.fingerprint)] = Acknowledgement(*written)
    return {
        fingerprint: written
        for fingerprint, written in last.items()
        if written.action == ACKNOWLEDGED and written.untiltime > now
    }


def list_written(connection: Connection, fingerprint: str, most: int) -> list[Acknowledgement]:
    """Return what was written of an error, the latest first."""
    row = acknowledgements.c
    query = select(*(row[name] for name in Acknowledgement._fields))
    query = query.where(row.fingerprint == fingerprint).order_by(row.number.desc()).limit(most)
    return [Acknowledgement(*written) for written in connection.execute(query)]
