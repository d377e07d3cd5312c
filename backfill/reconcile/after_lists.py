"""What a cycle does once the tables are whole: reasons of failures, verdicts, what goes stale."""

from collections.abc import Sequence
from datetime import timedelta

from backfill.audit import audit
from backfill.audit.verdict import Span
from backfill.compared_jobs import compare_jobs
from backfill.pipeline.context import Context, report_unread
from backfill.reconcile.cycle_context import CycleContext
from backfill.reconcile.health_checks import check_health
from backfill.reconcile.issue_search import find_issues
from backfill.records import Repository
from engines import reading
from store.deliveries.table import now as clock
from store.state import audits

REASONS = 150
"""Requests for reasons in one cycle: the tables come first."""
COMPARISONS = 60
"""Requests in one cycle for what changed before failures."""
VERDICTS = timedelta(minutes=10)
"""Between two verdicts on a repository, unless the last was bad: they read all its runs."""


def follow_up(cycle: CycleContext, repositories: Sequence[Repository]) -> bool:
    """Read reasons, keep verdicts, look at what goes stale; tell whether more can be read.

    Raises ApiError when GitHub does not accept the key, SQLAlchemyError, RequestsStopped.
    """
    context, vendor = cycle.context, cycle.settings.vendor
    reasons = vendor.read_failure_reasons(
        context.engine,
        context.client,
        {repository.repoid: repository.name for repository in repositories},
        now=cycle.now,
        requests=REASONS,
        report=context.reporter.report,
        due=context.due,
    )
    find_issues(cycle, {repository.repoid: repository.name for repository in repositories})
    changes = compare_jobs(context, vendor, repositories, now=cycle.now, requests=COMPARISONS)
    for repository in repositories:
        report_unread(context, repository.name, repository.repoid)
    span = Span(cycle.now - vendor.CHANGES_FOR, cycle.now)
    for repository in repositories:
        if is_audit_due(context, repository):
            audit.audit_store(context.engine, repository.repoid, span, spool=cycle.settings.spool)
    check_health(cycle, repositories)
    return bool(reasons.jobs and reasons.left) or bool(changes.is_more and changes.logs)


def is_audit_due(context: Context, repository: Repository) -> bool:
    """Tell whether the last verdict on a repository is old, or named something missing."""
    with reading(context.engine).connect() as connection:
        last = audits.latest(connection, repository.repoid)
    return last is None or bool(last.missing) or abs(clock() - last.audittime) >= VERDICTS
