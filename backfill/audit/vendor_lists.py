"""Ask a vendor what it has of a repository in a span of time."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

from backfill.audit.findings import Finding, find_unread
from backfill.audit.run_counts import RunCounts
from backfill.audit.span_findings import is_read_as_listed
from backfill.audit.verdict import Span
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.records import ListedCommit, ListedJob, ListedRun, Repository, UnreadItem
from backfill.vendors import Heads, vendor_of
from store.reads.for_audit import StoredSpan

Result = TypeVar("Result")


class VendorLists(NamedTuple):
    """What the vendor has: runs, jobs by run, what branches point at, commits.

    `unlisted` is what is counted and not listed, `unread` what cannot be read, `notes` say which
    lists contradicted others; `has_older` when runs from before the span are listed; commits are
    expected `since` a time, none at all where it is None.
    """

    runs: list[ListedRun]
    unlisted: list[Finding]
    unread: list[Finding]
    notes: list[Finding]
    has_older: bool
    jobs: dict[int, list[ListedJob]]
    heads: Heads | None
    commits: list[ListedCommit]
    since: datetime | None

    @property
    def hashes(self) -> set[str | None]:
        """Return all commits that are named."""
        return {*(self.heads or {}).values(), *(commit.hash for commit in self.commits)}


def ask_vendor(
    context: Context,
    repository: Repository,
    span: Span,
    stored: StoredSpan,
    branches: Iterable[str],
    first_delivery: datetime | None,
    *,
    deep: bool,
) -> VendorLists:
    """Return what the vendor lists; `branches` are those that are stored. Raises ApiError.

    The commits are those since the oldest run, or the first delivery. On other branches than the
    default one, a backfill reads the heads alone: more is expected of the time in which deliveries
    came.
    """
    vendor, unread = vendor_of(repository.provider), list[UnreadItem]()
    list_branches = partial(vendor.list_branches, context, repository, branches, unread)
    heads = ask(unread, "branches", list_branches)
    counts = RunCounts(context, repository, span, stored)
    runs, unlisted, notes, has_older = counts.prove()
    unread += counts.odd
    to_read = (run for run in runs if deep or not is_read_as_listed(run, stored))
    jobs = vendor.list_jobs(context, repository, to_read, unread)
    commits, since = list[ListedCommit](), None
    times = [run.createtime for run in runs if run.createtime]
    times += [first_delivery] if first_delivery else []
    oldest = span.since if has_older else min(times, default=None)
    if oldest is not None and heads is not None:
        since = max(span.since, oldest)
        side = max(span.since, first_delivery) if first_delivery else None
        listing = partial(vendor.list_commits, context, repository, heads, since, side, unread)
        commits = ask(unread, "commits", listing) or []
    odd = find_unread(unread, runs)
    return VendorLists(runs, unlisted, odd, notes, has_older, jobs, heads, commits, since)


def ask(unread: list[UnreadItem], what: str, listing: Callable[[], Result]) -> Result | None:
    """Return what a list gives; None, and an item that is unread, where it cannot be had now.

    What is refused, and not only broken, is no business of one list alone: it is raised.
    """
    try:
        return listing()
    except ApiError as problem:
        if not problem.is_unsteady:
            raise
        unread.append(UnreadItem(what, "list", str(problem)))
        return None
