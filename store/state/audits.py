"""Verdicts: what an audit found, with its time. Old ones are dropped; none is ever changed."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select

from engines import database_time
from engines.transaction import transact
from rows.version import AHEAD
from schema.tables.audits import audits

RECONCILER = "reconciler"
KEPT = timedelta(days=90)
USUAL_KEPT = timedelta(days=7)
"""For verdicts of the reconciler that found nothing: there are a hundred a day."""
MOST = 1000
"""Findings that are kept one by one; `missing` counts them all."""


class StoredVerdict(NamedTuple):
    """A verdict as it is kept: `findings` a list of JSON objects, times in UTC without zone."""

    repoid: int
    audittime: datetime
    door: str
    since: datetime
    until: datetime | None
    listed: int | None
    stored: int | None
    missing: int
    findings: Sequence[dict[str, Any]]


def record(engine: Engine, row: StoredVerdict) -> None:
    """Keep a verdict."""
    values = {**row._asdict(), "findings": json.dumps(row.findings[:MOST], ensure_ascii=False)}

    def work(connection: Connection) -> None:
        c, its = audits.c, audits.c.repoid == row.repoid
        usual = and_(c.door == RECONCILER, c.missing == 0)
        old = or_(
            c.audittime < row.audittime - KEPT,
            and_(c.audittime < row.audittime - USUAL_KEPT, usual),
        )
        # Not by a clock that may have leapt since the last one.
        last = connection.scalar(select(c.audittime).where(its).order_by(c.Id.desc()).limit(1))
        if last is not None and abs(row.audittime - last) <= USUAL_KEPT:
            connection.execute(delete(audits).where(its, old))
        connection.execute(insert(audits), values)

    transact(engine, work)


def latest(connection: Connection, repoid: int) -> StoredVerdict | None:
    """Return the newest verdict of a repository, None if it was never audited.

    One of a time that has not come was made while the clock was ahead.
    """
    query = select(*(audits.c[name] for name in StoredVerdict._fields)).where(
        audits.c.repoid == repoid
    )
    query = query.where(audits.c.audittime <= database_time(connection) + AHEAD)
    row = connection.execute(query.order_by(audits.c.audittime.desc()).limit(1)).first()
    if row is None:
        return None
    return StoredVerdict(*row)._replace(findings=json.loads(row.findings))
