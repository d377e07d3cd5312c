"""Which jobs of runs failed, and what the first of them says."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from engines.chunks import by_scope
from rows.words import FAILED, RunKey
from schema.tables.ci import jobs
from schema.tables.failures import failures
from store.reads.runs import Run


class RunFailure(NamedTuple):
    """The failed jobs of a run's attempt by name, and one message, where one is known."""

    jobs: list[str]
    message: str | None


def list_run_failures(connection: Connection, runs: Iterable[Run]) -> dict[RunKey, RunFailure]:
    """Return what failed in those of the runs that failed."""
    attempts = {run.key: run.attempt for run in runs if run.conclusion in FAILED}
    named: dict[RunKey, list[str]] = defaultdict(list)
    said: dict[RunKey, str] = {}
    job, failure = jobs.c, failures.c
    for provider, numbers in by_scope(attempts):
        query = select(job.rungitid, job.attempt, job.name).where(
            job.provider == provider, job.rungitid.in_(numbers), job.conclusion.in_(FAILED)
        )
        for gitid, attempt, name in connection.execute(query.order_by(job.name)):
            if attempt == attempts[provider, gitid]:
                named[provider, gitid].append(name or "?")
        messages = select(failure.rungitid, failure.message).where(
            failure.provider == provider,
            failure.rungitid.in_(numbers),
            failure.message.is_not(None),
        )
        for gitid, message in connection.execute(messages.order_by(failure.Id)):
            said.setdefault((provider, gitid), message)
    return {key: RunFailure(named[key], said.get(key)) for key in attempts}
