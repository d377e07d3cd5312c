"""Find the issues that people opened about errors: those that carry a fingerprint."""

from collections.abc import Mapping

from backfill.http.errors import ApiError
from backfill.reconcile.cycle_context import CycleContext
from engines import reading
from rows import Unmappable
from store.state import error_issues
from store.state.older_fingerprints import former_fingerprints

SEARCHES = 5
"""In one cycle: searches have a limit of their own, 30 a minute."""


def find_issues(cycle: CycleContext, names: Mapping[int, str]) -> None:
    """Look for the issues of the errors of most jobs, by repos.Id and full name.

    A search that is refused ends it for this cycle, and is said. Raises ApiError when the key is
    refused, SQLAlchemyError, RequestsStopped.
    """
    context = cycle.context
    with reading(context.engine).connect() as connection:
        due = [
            (error, former_fingerprints(connection, error.fingerprint))
            for error in error_issues.list_due(connection, names, cycle.now, SEARCHES)
        ]
    search = cycle.settings.vendor.search_issues
    for error, former in due:
        # Without the revision: a colon means something in a search.
        words = [each.rpartition(":")[2] for each in (error.fingerprint, *former)]
        try:
            lists = [search(context.client, names[error.repoid], word) for word in words]
        except (ApiError, Unmappable) as problem:
            if isinstance(problem, ApiError) and problem.is_bad_key:
                raise
            context.reporter.say(f"{names[error.repoid]}: issues about errors: {problem}")
            return
        issues = {issue.number: issue for issues in lists for issue in issues}
        error_issues.store_issues(context.engine, error, [*issues.values()], cycle.now)
