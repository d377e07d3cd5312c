"""Fetch what an audit names as missing, the way a backfill fetches it."""

from backfill.audit.findings import BRANCH, COMMIT, HEAD, OF_RUNS, QUARANTINED
from backfill.audit.verdict import Verdict
from backfill.pipeline.context import Context
from backfill.records import Repository
from backfill.vendors import vendor_of
from store.deliveries import table
from store.deliveries.table import DeliveryFilter
from store.doors.replay import replay


def repair(context: Context, repository: Repository, verdict: Verdict) -> None:
    """Store what is missing, as far as GitHub or a stored delivery has it. Raises ApiError.

    What could not be read before is asked for whatever its pause.

    A spooled delivery is left to the listener of this machine, which stores it when the database
    is back; one that cannot be mapped stays quarantined, though its rows are read from GitHub.
    """
    vendor, findings = vendor_of(repository.provider), verdict.findings
    runs = {finding.run for finding in findings if finding.run and finding.kind in OF_RUNS}
    context.due.end_pauses(repository.repoid)
    vendor.reread_runs(context, repository, sorted(runs))
    if {finding.kind for finding in findings} & {BRANCH, HEAD}:
        vendor.reread_branches(context, repository)
    hashes = [finding.name for finding in findings if finding.kind == COMMIT]
    vendor.read_named_commits(context, repository, hashes)
    for finding in findings:
        if finding.kind == QUARANTINED:
            wanted = DeliveryFilter(states=(table.QUARANTINED,), guid=finding.name)
            for _ in replay(context.engine, wanted, (repository.name,)):
                pass  # the next audit says what is left
