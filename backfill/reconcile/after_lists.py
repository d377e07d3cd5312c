"""What a cycle does once the tables are whole: reasons of failures, verdicts, what goes stale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from backfill.audit import audit
from backfill.audit.verdict import Span
from backfill.github import failure_reasons
from backfill.github.windows import RERUN_DAYS
from backfill.pipeline.context import Context
from backfill.reconcile import health
from backfill.reconcile.context import Work
from backfill.records import Repository
from engines import reading
from store.deliveries.table import now as clock
from store.state import audits

REASONS = 150
"""Requests for reasons in one cycle: the tables come first."""
VERDICTS = timedelta(minutes=10)
"""Between two verdicts on a repository, unless the last was bad: they read all its runs."""


def close(work: Work, here: Sequence[Repository]) -> bool:
    """Read reasons, keep verdicts, look at what goes stale; tell whether more can be read.

    Raises ApiError when GitHub does not accept the key, SQLAlchemyError, RequestsStopped.
    """
    context, now = work.context, work.now
    names = {one.repoid: one.name for one in here}
    told = failure_reasons.read_failure_reasons(
        context.engine, context.client, names, now=now, requests=REASONS, report=context.report
    )
    span = Span(now - RERUN_DAYS, now)
    for one in here:
        if is_due(context, one):
            audit.audit_store(context.engine, one.repoid, span, spool=work.wanted.spool)
    health.look(context, here, work.wanted.patterns, hook_lists=work.hook_lists, now=now)
    return bool(told.jobs and told.left)


def is_due(context: Context, here: Repository) -> bool:
    """Tell whether the last verdict on a repository is old, or named something missing."""
    with reading(context.engine).connect() as connection:
        last = audits.latest(connection, here.repoid)
    return last is None or bool(last.missing) or last.audittime <= clock() - VERDICTS
