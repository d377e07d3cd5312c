"""What a cycle does once the tables are whole: reasons of failures, verdicts, what goes stale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from backfill.audit import audit
from backfill.audit.verdict import Span
from backfill.github import failure_reasons
from backfill.github.context import Desk, Here
from backfill.github.windows import RERUN_DAYS
from backfill.reconcile import health
from engines.mysql import reading
from store.deliveries.table import now as clock
from store.state import audits

REASONS = 150
"""Requests for reasons in one cycle: the tables come first."""
VERDICTS = timedelta(minutes=10)
"""Between two verdicts on a repository, unless the last was bad: they read all its runs."""


def close(
    desk: Desk,
    here: Sequence[Here],
    patterns: Sequence[str],
    spool: Path | None,
    now: datetime,
) -> bool:
    """Read reasons, keep verdicts, look at what goes stale; tell whether more can be read.

    Raises Problem when GitHub does not accept the key, SQLAlchemyError, limits.Stopped.
    """
    names = {one.repoid: one.name for one in here}
    told = failure_reasons.read(
        desk.engine, desk.client, names, now=now, requests=REASONS, trouble=desk.trouble
    )
    for one in here:
        if is_due(desk, one):
            audit.cheaply(desk.engine, one.repoid, Span(now - RERUN_DAYS, now), spool=spool)
    health.look(desk, here, patterns, now=now)
    return bool(told.jobs and told.left)


def is_due(desk: Desk, here: Here) -> bool:
    """Tell whether the last verdict on a repository is old, or named something missing."""
    with reading(desk.engine).connect() as connection:
        last = audits.latest(connection, here.repoid)
    return last is None or bool(last.missing) or last.audittime <= clock() - VERDICTS
