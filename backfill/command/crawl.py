"""One repository after the other, phase by phase; what goes wrong in one leaves the others be."""

from __future__ import annotations

from collections.abc import Iterable

from backfill.command.summary import close
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.records import ReadRange, Repository
from backfill.vendors import Vendor
from store.write import renames

BAD_KEY = 401


def crawl(
    context: Context, vendor: Vendor, repositories: Iterable[str], read_range: ReadRange
) -> None:
    """Read repositories. Raises ApiError when the key is not accepted at all."""
    for name in repositories:
        context.reporter.begin(name)
        try:
            repository = vendor.find_repository(context, name)
        except ApiError as problem:
            tell(context, name, problem)
            continue
        read_all(context, vendor, repository, read_range)
        context.writer.flush()
        close(context, repository, read_range)
    context.reporter.end()
    # A repository that was renamed: its older rows learn its name.
    while renames.rewrite(context.engine):
        pass


def read_all(
    context: Context, vendor: Vendor, repository: Repository, read_range: ReadRange
) -> None:
    """Read everything of a repository; a phase that is refused leaves the others be."""
    for phase, read in vendor.PHASES:
        try:
            read(context, repository, read_range)
        except ApiError as problem:
            if problem.status == 409:  # an empty repository has no commits
                context.reporter.say(f"{repository.name}: {problem}")
                continue
            tell(context, f"{repository.name}: {phase}", problem)


def tell(context: Context, what: str, problem: ApiError) -> None:
    """Tell of a problem; raise it again when it is not this repository's alone."""
    if problem.status == BAD_KEY:
        raise problem
    context.report(f"{what}: {problem}")
