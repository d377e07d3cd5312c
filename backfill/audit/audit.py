"""Is anything missing? What GitHub has of a repository against what is stored, and a verdict.

`audit_vendor` asks GitHub. `audit_store` asks the store alone: what a backfill noted of GitHub's
lists, gaps in run numbers, completed runs without jobs, what is open too long, commits that pushes
named. Both keep their verdict in `audits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.audit import findings, git_findings, run_number_gaps, verdict
from backfill.audit import stored as store
from backfill.audit.findings import ATTEMPT, RUN, Finding, about
from backfill.audit.stored import Holdings
from backfill.audit.verdict import Span, Verdict
from backfill.pipeline.context import Context
from backfill.records import ListedCommit, ListedRun, Repository
from backfill.vendors import vendor_of
from engines import reading
from store.deliveries import received
from store.deliveries.table import now
from store.reads import for_audit
from store.state import audits
from store.state.backfill_progress import DONE


class Git(NamedTuple):
    """What GitHub and the store have of branches and commits; `since` None expects no commit."""

    listed: dict[str, str | None] | None
    earlier: dict[str, str | None]
    commits: list[ListedCommit]
    since: datetime | None


def audit_vendor(
    context: Context,
    repository: Repository,
    span: Span,
    *,
    door: str = audits.RECONCILER,
    deep: bool = False,
    spool: Path | None = None,
) -> Verdict:
    """Compare what GitHub lists with what is stored, keep the verdict and return it.

    100 runs take one request. The jobs of a run take one more, unless a backfill noted that they
    were read and the run is as it was then; `deep` asks for those, too. Raises ApiError.
    """
    span = verdict.settled(span, now())
    earlier, names = stored_heads(context.engine, repository.repoid)
    vendor = vendor_of(repository.provider)
    branches = vendor.list_branches(context, repository)
    listed, broken_lists = vendor.list_runs(context, repository, *span)
    unlisted = findings.of_lists(broken_lists, vendor.TITLE)
    is_older = vendor.has_runs_before(context, repository, span.since)
    before = stored_runs(context.engine, repository.repoid, span)
    asked = [run for run in listed if deep or not is_proven(run, before)]
    jobs = vendor.list_jobs(context, repository, (run.gitid for run in asked))
    git = read_git(context, repository, span, Git(branches, earlier, [], None), listed, is_older)

    # Read last: what was on its way when GitHub was asked has arrived by now.
    found = stored_runs(context.engine, repository.repoid, span)
    runs = labelled(listed, found)
    missing = confirmed(context, repository, findings.of_runs(runs, found.held, span.until))
    absent = {one.run for one in missing if one.kind == RUN}
    with reading(context.engine).connect() as connection:
        stored = store.jobs_of(connection, repository.repoid, jobs)
    for run in runs:
        if run.gitid in jobs and run.gitid not in absent:
            missing += findings.of_jobs(run, jobs[run.gitid], stored[run.gitid], span.until)
    holes = run_number_gaps.gaps(
        {run.gitid: run for run in (*found.held.runs.values(), *runs)}.values()
    )
    oldest = (
        None if is_older else min((run.createtime for run in runs if run.createtime), default=None)
    )
    notes = [] if unlisted else run_number_gaps.told_apart(holes, oldest)
    broken = {one.run for one in missing}
    notes += [one for one in store.too_long(found, span.until) if one.run not in broken]
    # What was pushed a moment ago may be on its way.
    (notes if is_moving(repository, span) else missing).extend(
        compared(context.engine, repository, git)
    )
    missing += unlisted + waiting(context.engine, names, span, spool)
    return kept(
        context.engine,
        verdict.verdict(repository.repoid, repository.name, span, door, runs, missing, notes),
    )


def audit_store(
    engine: Engine,
    repoid: int,
    span: Span,
    *,
    door: str = audits.RECONCILER,
    spool: Path | None = None,
    pushes: bool = False,
) -> Verdict:
    """Compare the store with itself and with what GitHub listed last; no request is made.

    `pushes` opens the stored push deliveries, too. Keeps the verdict and returns it.
    """
    span = verdict.settled(span, now())
    found = stored_runs(engine, repoid, span)
    runs = labelled(store.listed_before(found), found)
    missing = [
        one
        for one in findings.of_runs(runs, found.held, span.until)
        if not is_read_attempt(one, found)
    ]
    known = {one.run for one in missing}
    missing += [
        about(run, RUN, run.gitid, "only jobs of it are stored")
        for run in found.stubs
        if run.gitid not in known
    ]
    missing += store.jobless(found)
    notes = list[Finding]()
    for one in store.too_long(found, span.until):
        (notes if one.run in found.excused else missing).append(one)
    with reading(engine).connect() as connection:
        proven = for_audit.list_listed_spans(connection, repoid)
        names = for_audit.list_names(connection, repoid)
        live = for_audit.list_heads(connection, repoid)
        sent = store.pushes(connection, names, span.since) if pushes else []
        hashes = for_audit.find_hashes(connection, repoid, git_findings.named(sent, live))
        name = for_audit.read_full_name(connection, repoid)
    absent, deleted = run_number_gaps.unproven(
        run_number_gaps.gaps(found.held.runs.values()), proven
    )
    missing += absent + git_findings.of_pushes(sent, live, hashes)
    missing += waiting(engine, names, span, spool)
    notes += deleted
    return kept(engine, verdict.verdict(repoid, name, span, door, runs, missing, notes))


def kept(engine: Engine, found: Verdict) -> Verdict:
    """Keep a verdict in `audits` and return it."""
    objects = verdict.findings_as_objects
    shown = [{**one, "missing": True} for one in objects(found.findings)]
    shown += [{**one, "missing": False} for one in objects(found.notes)]
    counts = (found.listed, found.stored, len(found.findings))
    audits.record(engine, audits.Row(found.repoid, now(), found.door, *found.span, *counts, shown))
    return found


def stored_runs(engine: Engine, repoid: int, span: Span) -> Holdings:
    """Return what is stored of the runs of a span."""
    with reading(engine).connect() as connection:
        return store.holdings_of(connection, repoid, *span)


def stored_heads(engine: Engine, repoid: int) -> tuple[dict[str, str | None], set[str]]:
    """Return what the live branches point at, and the repository's names."""
    with reading(engine).connect() as connection:
        return for_audit.list_heads(connection, repoid), for_audit.list_names(connection, repoid)


def labelled(runs: Iterable[ListedRun], found: Holdings) -> list[ListedRun]:
    """Return listed runs with their workflow's name as it is stored."""
    names = {run.workflowgitid: run.workflow for run in found.held.runs.values()}
    return [run._replace(workflow=names.get(run.workflowgitid) or run.workflow) for run in runs]


def is_proven(run: ListedRun, stored: Holdings) -> bool:
    """Tell whether a listed run's jobs need not be asked for."""
    noted = stored.noted.get(run.gitid)
    return store.is_read(run, noted) and run.gitid not in stored.open_jobs


def confirmed(context: Context, repository: Repository, missing: list[Finding]) -> list[Finding]:
    """Leave out the attempts that GitHub does not have either. Raises ApiError."""
    pairs = [(one.run or 0, number_of(one)) for one in missing if one.kind == ATTEMPT]
    gone = {
        f"{run}/{number}"
        for run, number in vendor_of(repository.provider).find_absent_attempts(
            context, repository, pairs
        )
    }
    return [one for one in missing if one.kind != ATTEMPT or one.name not in gone]


def number_of(one: Finding) -> int:
    """Return the number of an attempt."""
    return int(one.name.rpartition("/")[2])


def is_read_attempt(one: Finding, found: Holdings) -> bool:
    """Tell an attempt that GitHub did not have either when the run was read to its end."""
    noted = found.noted.get(one.run or 0)
    if one.kind != ATTEMPT or noted is None or noted.state != DONE:
        return False
    return number_of(one) < noted.attempt


def read_git(
    context: Context,
    repository: Repository,
    span: Span,
    git: Git,
    runs: Sequence[ListedRun],
    is_older: bool,
) -> Git:
    """Add the commits that are expected: those since the oldest run, or the first delivery.

    On other branches than the default one, a backfill reads the heads alone: more is expected of
    the time in which deliveries came. Raises ApiError.
    """
    with reading(context.engine).connect() as connection:
        names = for_audit.list_names(connection, repository.repoid)
        first = received.first_delivery(connection, names)
    times = [run.createtime for run in runs if run.createtime]
    oldest = span.since if is_older else min([*times, *([first] if first else [])], default=None)
    if oldest is None or git.listed is None:
        return git
    since = max(span.since, oldest)
    side = max(span.since, first) if first else None
    return git._replace(
        commits=vendor_of(repository.provider).list_commits(
            context, repository, git.listed, since, side
        ),
        since=since,
    )


def compared(engine: Engine, repository: Repository, git: Git) -> list[Finding]:
    """Return the branches and commits that are missing."""
    if git.listed is None:
        return []
    later, _ = stored_heads(engine, repository.repoid)
    wanted = {*git.listed.values(), *(commit.hash for commit in git.commits)}
    with reading(engine).connect() as connection:
        hashes = for_audit.find_hashes(connection, repository.repoid, wanted)
    found = git_findings.of_branches(git.listed, git.earlier, later)
    return found + git_findings.of_commits(git.commits, git.listed, hashes, git.since)


def is_moving(repository: Repository, span: Span) -> bool:
    """Tell whether a repository was pushed to after the span."""
    pushed = repository.pushtime
    return pushed is not None and pushed > span.until


def waiting(engine: Engine, names: set[str], span: Span, spool: Path | None) -> list[Finding]:
    """Return the deliveries that are stored raw and have no rows yet. Raises SpoolError."""
    with reading(engine).connect() as connection:
        found = store.quarantined(connection, names, span.since)
    return found + store.spooled(spool, names)
