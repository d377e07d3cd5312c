"""What is stored of a span, compared with itself and with what a backfill noted. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from backfill.audit.findings import JOBS, OPEN, Finding, finding_about
from backfill.records import ListedRun
from rows.source_record import Source
from rows.words import ABANDONED, COMPLETED
from store.reads.for_audit import StoredSpan
from store.state.backfill_progress import DONE, DUE

# https://docs.github.com/actions/reference/limits, and a day for GitHub to say so
LONGEST_RUN = timedelta(days=36)
LONGEST_JOB = {"queued": timedelta(days=2), "in_progress": timedelta(days=6)}
JOBLESS = frozenset({"action_required", "startup_failure", "cancelled", ABANDONED})
"""Conclusions of runs that may never have had a job."""


def runs_noted_as_listed(stored: StoredSpan) -> list[ListedRun]:
    """Return the runs that the vendor has, as far as the store knows without asking it again."""
    runs = dict(stored.runs)
    for gitid, noted in stored.noted.items():
        run = runs.get(gitid)
        status = COMPLETED if noted.ended else None
        if run is None:
            times = (noted.createtime, noted.updatetime)
            runs[gitid] = ListedRun(gitid, noted.attempt, status, None, *times)
        elif noted.attempt >= run.attempt:
            runs[gitid] = run._replace(
                attempt=noted.attempt, status=status, conclusion=None, updatetime=noted.updatetime
            )
        else:
            runs[gitid] = run._replace(status=None)
    return list(runs.values())


def is_read_as_listed(run: ListedRun, stored: StoredSpan) -> bool:
    """Tell whether a backfill noted that all of a run is stored, as it is listed now."""
    noted = stored.noted.get(run.gitid)
    if noted is None or noted.state != DONE or not noted.ended or run.gitid in stored.open_jobs:
        return False
    return (noted.attempt, noted.updatetime) == (run.attempt, run.updatetime)


def find_jobless(stored: StoredSpan) -> Iterator[Finding]:
    """Yield the completed runs without a job, unless it was read that they have none."""
    for run in stored.runs.values():
        noted = stored.noted.get(run.gitid)
        if noted is not None and noted.state == DUE:
            why = "GitHub listed it, and its jobs were not read yet"
            yield finding_about(run, JOBS, run.gitid, why)
        elif run.status == COMPLETED and run.conclusion not in JOBLESS:
            is_read = noted and noted.state == DONE and noted.attempt >= run.attempt
            if (run.gitid, run.attempt) not in stored.attempts_with_jobs and not is_read:
                why = f"completed, and no job of attempt {run.attempt} is stored"
                yield finding_about(run, JOBS, run.gitid, why)


def find_endless(stored: StoredSpan, now: datetime, source: Source) -> Iterator[Finding]:
    """Yield the runs and jobs that have been open for longer than their vendor lets them be."""
    waiting = "waiting" if source.waits_for_ever else ""
    for run in stored.runs.values():
        is_open = run.status not in (COMPLETED, waiting) and run.gitid not in stored.unended
        if is_open and run.createtime and run.createtime < now - LONGEST_RUN:
            why = f"run is {run.status} since {run.createtime} UTC"
            yield finding_about(run, OPEN, run.gitid, why)
        for job in stored.open_jobs.get(run.gitid, ()):
            limit = LONGEST_JOB.get(job.status or "", LONGEST_RUN)
            if job.status != waiting and job.createtime and job.createtime < now - limit:
                why = f"job {job.gitid} is {job.status} since {job.createtime} UTC"
                yield finding_about(run, OPEN, f"{run.gitid}/{job.gitid}", why)
