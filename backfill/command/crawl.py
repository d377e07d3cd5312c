"""One repository after the other, phase by phase; what goes wrong in one leaves the others be."""

import time
from collections.abc import Iterable
from datetime import datetime

from backfill.command.summary import describe_reach, find_cut
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context, report_refusal, report_unread
from backfill.pipeline.progress_bars import format_span
from backfill.records import ReadRange, Repository
from backfill.vendors import Vendor
from backfill.watched_repositories import look_up, tell_gone
from store.deliveries.table import now
from store.write import renames


def crawl(
    context: Context, vendor: Vendor, names: Iterable[str], read_range: ReadRange
) -> datetime | None:
    """Read repositories; return since when all of them are read, where older runs were left out.

    Raises ApiError when the key is not accepted at all.
    """
    names, began, cuts = [*names], time.monotonic(), list[datetime]()
    for place, name in enumerate(names):
        if len(names) > 1:
            context.reporter.say(describe_place(place, len(names), name, time.monotonic() - began))
        context.reporter.begin(name)
        try:
            met = list(look_up(context, vendor, name, now()))
        except ApiError as problem:
            report_refusal(context, name, problem)
            continue
        for repository in tell_gone(met, context.reporter.say, context.reporter.report):
            read_phases(context, vendor, repository, read_range)
            context.writer.flush()
            report_unread(context, repository.name, repository.repoid)
            if reach := describe_reach(context.engine, repository, read_range):
                context.reporter.say(reach)
            if cut := find_cut(context.engine, repository, read_range, now()):
                cuts.append(cut)
    context.reporter.end()
    # A repository that was renamed: its older rows learn its name.
    while renames.rewrite(context.engine):
        pass
    return max(cuts, default=None)


def describe_place(place: int, number: int, name: str, seconds: float) -> str:
    """Return which repository of how many is next, and how long all may take by those before."""
    left = format_span(seconds / place * (number - place)) if place else ""
    return f"repository {place + 1} of {number}: {name}{f', about {left} to go' if left else ''}"


def read_phases(
    context: Context, vendor: Vendor, repository: Repository, read_range: ReadRange
) -> None:
    """Read everything of a repository; a phase that is refused leaves the others be."""
    for phase, read in vendor.PHASES:
        try:
            read(context, repository, read_range)
        except ApiError as problem:
            if problem.is_empty:  # without commits
                context.reporter.say(f"{repository.name}: {problem}")
            else:
                report_refusal(context, f"{repository.name}: {phase}", problem)
