"""Is anything missing? What GitHub has of a repository against what is stored, and a verdict.

`audit_vendor` asks GitHub. `audit_store` asks the store alone: what a backfill noted of GitHub's
lists, gaps in run numbers, completed runs without jobs, what is open too long, commits that pushes
named. Both keep their verdict in `audits`.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Engine

from backfill.audit import findings, git_findings, run_number_gaps, span_findings
from backfill.audit.delivery_findings import find_waiting, read_pushes
from backfill.audit.findings import ATTEMPT, RUN, Finding, finding_about
from backfill.audit.vendor_lists import VendorLists, ask_vendor
from backfill.audit.verdict import Span, Verdict, findings_as_objects, judge, settle_span
from backfill.pipeline.context import Context
from backfill.records import ListedRun, Repository
from backfill.vendors import vendor_of
from engines import reading
from rows.sources import Source, source_of
from store.deliveries import received
from store.deliveries.table import now
from store.reads import for_audit, repository_names
from store.reads.for_audit import StoredSpan
from store.reads.shown_names import list_shared_names
from store.state import audits
from store.state.backfill_progress import DONE


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
    span, repoid = settle_span(span, now()), repository.repoid
    vendor = source_of(repository.provider).name
    with reading(context.engine).connect() as connection:
        earlier_heads = for_audit.list_heads(connection, repoid)
        names = repository_names.list_names(connection, repoid)
        first_delivery = received.first_delivery(connection, vendor, names)
        before = for_audit.read_span(connection, repoid, *span)
    lists = ask_vendor(context, repository, span, before, earlier_heads, first_delivery, deep=deep)

    # Read last: what was on its way when GitHub was asked has arrived by now.
    with reading(context.engine).connect() as connection:
        stored = for_audit.read_span(connection, repoid, *span)
        jobs = for_audit.jobs_by_run(connection, repoid, lists.jobs)
        heads = for_audit.list_heads(connection, repoid)
        hashes = for_audit.find_hashes(connection, repoid, lists.hashes)
        waiting = find_waiting(connection, vendor, names, span.since, spool)

    runs = use_stored_names(lists.runs, stored)
    missing = findings.find_missing_runs(runs, stored, span.until)
    missing = drop_absent_attempts(context, repository, missing)
    absent = {finding.run for finding in missing if finding.kind == RUN}
    for run in runs:
        if run.gitid in lists.jobs and run.gitid not in absent:
            listed_jobs, stored_jobs = lists.jobs[run.gitid], jobs.get(run.gitid, {})
            missing += findings.find_missing_jobs(run, listed_jobs, stored_jobs, span.until)
    source = source_of(repository.provider)
    notes = lists.notes + ([] if lists.unlisted else explain_gaps(runs, stored, lists, source))
    broken = {finding.run for finding in missing}
    endless = span_findings.find_endless(stored, span.until, source)
    notes += [finding for finding in endless if finding.run not in broken]
    if lists.heads is not None:
        git = git_findings.find_missing_branches(lists.heads, earlier_heads, heads)
        git += git_findings.find_missing_commits(lists.commits, lists.heads, hashes, lists.since)
        # What was pushed a moment ago may be on its way.
        is_moving = repository.pushtime is not None and repository.pushtime > span.until
        (notes if is_moving else missing).extend(git)
    missing += lists.unlisted + lists.unread + waiting
    verdict = judge(repository.provider, repoid, repository.name, span, door, runs, missing, notes)
    return store_verdict(context.engine, verdict)


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
    span = settle_span(span, now())
    with reading(engine).connect() as connection:
        stored = for_audit.read_span(connection, repoid, *span)
        listed_spans = for_audit.list_listed_spans(connection, repoid)
        provider = repository_names.read_provider(connection, repoid)
        vendor = source_of(provider).name
        names = repository_names.list_names(connection, repoid)
        heads = for_audit.list_heads(connection, repoid)
        pushed = read_pushes(connection, vendor, names, span.since) if pushes else []
        hashes = for_audit.find_hashes(connection, repoid, git_findings.named_hashes(pushed, heads))
        name = repository_names.read_full_name(connection, repoid)
        waiting = find_waiting(connection, vendor, names, span.since, spool)

    runs = use_stored_names(span_findings.runs_noted_as_listed(stored), stored)
    missing = [
        finding
        for finding in findings.find_missing_runs(runs, stored, span.until)
        if not is_read_attempt(finding, stored)
    ]
    named = {finding.run for finding in missing}
    missing += [
        finding_about(run, RUN, run.gitid, "only jobs of it are stored")
        for run in stored.stubs
        if run.gitid not in named
    ]
    missing += span_findings.find_jobless(stored)
    notes = list[Finding]()
    source = source_of(provider)
    for finding in span_findings.find_endless(stored, span.until, source):
        (notes if finding.run in stored.excused else missing).append(finding)
    gaps = run_number_gaps.find_gaps(stored.runs.values(), by_workflow=source.counts_by_workflow)
    unproven, deleted = run_number_gaps.judge_gaps(gaps, listed_spans, source.title)
    missing += unproven + git_findings.find_lost_pushes(pushed, heads, hashes) + waiting
    notes += deleted
    verdict = judge(provider, repoid, name, span, door, runs, missing, notes)
    return store_verdict(engine, verdict)


def store_verdict(engine: Engine, verdict: Verdict) -> Verdict:
    """Keep a verdict in `audits` and return it, with what tells its repository's name apart."""
    objects = [{**one, "missing": True} for one in findings_as_objects(verdict.findings)]
    objects += [{**one, "missing": False} for one in findings_as_objects(verdict.notes)]
    counts = (verdict.listed, verdict.stored, len(verdict.findings))
    row = audits.StoredVerdict(verdict.repoid, now(), verdict.door, *verdict.span, *counts, objects)
    audits.record(engine, row)
    with reading(engine).connect() as connection:
        shared = list_shared_names(connection).get(verdict.repoid)
    return verdict._replace(name=shared.label) if shared else verdict


def use_stored_names(runs: Iterable[ListedRun], stored: StoredSpan) -> list[ListedRun]:
    """Return listed runs with their workflow's name as it is stored.

    Where none is, the id follows a name that several workflows have.
    """
    listed = list(runs)
    ids: dict[str | None, set[int | None]] = defaultdict(set)
    for run in listed:
        ids[run.workflow].add(run.workflowgitid)
    known = stored.runs
    own = {gitid: run.workflow for gitid, run in known.items()}
    names = {run.workflowgitid: run.workflow for run in known.values() if run.workflowgitid}
    names |= {
        gitid: f"{name} (workflow {gitid})"
        for name, alike in ids.items()
        for gitid in alike - names.keys()
        if len(alike) > 1 and gitid is not None
    }
    return [
        run._replace(
            workflow=own.get(run.gitid) or names.get(run.workflowgitid or 0) or run.workflow
        )
        for run in listed
    ]


def explain_gaps(
    runs: Iterable[ListedRun], stored: StoredSpan, lists: VendorLists, source: Source
) -> list[Finding]:
    """Return a note for each gap in the run numbers of what is listed or stored."""
    by_id = {run.gitid: run for run in (*stored.runs.values(), *runs)}
    times = [run.createtime for run in lists.runs if run.createtime]
    horizon = None if lists.has_older else min(times, default=None)
    gaps = run_number_gaps.find_gaps(
        by_id.values(),
        by_workflow=source.counts_by_workflow,
        from_first=not (source.counts_by_workflow or lists.has_older),
    )
    return run_number_gaps.explain_gaps(gaps, horizon, source.title)


def drop_absent_attempts(
    context: Context, repository: Repository, missing: list[Finding]
) -> list[Finding]:
    """Leave out the attempts that GitHub does not have either. Raises ApiError."""
    numbers = {
        (finding.run or 0, number_of(finding)): finding
        for finding in missing
        if finding.kind == ATTEMPT
    }
    vendor = vendor_of(repository.provider)
    absent = vendor.find_absent_attempts(context, repository, numbers)
    gone = [numbers[attempt] for attempt in absent]
    return [finding for finding in missing if finding not in gone]


def number_of(attempt: Finding) -> int:
    """Return the number of an attempt."""
    return int(attempt.name.rpartition("/")[2])


def is_read_attempt(finding: Finding, stored: StoredSpan) -> bool:
    """Tell an attempt that GitHub did not have either when the run was read to its end."""
    noted = stored.noted.get(finding.run or 0)
    if finding.kind != ATTEMPT or noted is None or noted.state != DONE:
        return False
    return number_of(finding) < noted.attempt
