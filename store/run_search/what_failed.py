"""Which jobs of runs failed, and what the first of them says."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from rows.words import FAILED, RunKey
from store.failed_jobs import list_failed_jobs
from store.reads.runs import Run


class RunFailure(NamedTuple):
    """The jobs by which a run's attempt failed, and one message, where one is known."""

    jobs: list[str]
    message: str | None


def list_run_failures(connection: Connection, runs: Iterable[Run]) -> dict[RunKey, RunFailure]:
    """Return what failed in those of the runs that failed; first the job that the message is of."""
    attempts = {run.key: run.attempt for run in runs if run.conclusion in FAILED}
    failed = list_failed_jobs(connection, attempts)
    told = {}
    for key in attempts:
        jobs = sorted(failed.get(key, ()), key=lambda job: (job.error is None, job.name or "?"))
        told[key] = RunFailure([job.name or "?" for job in jobs], jobs[0].error if jobs else None)
    return told
