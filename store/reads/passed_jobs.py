"""Named SELECTs: since when a job that had failed passes."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from engines.chunks import SIZE, by_scope, chunks
from rows.sources import PROPOSALS
from rows.words import COMPLETED, SUCCESS, RunKey, WorkflowKey, workflow_key
from schema.tables.ci import jobs, workflowruns


class MendedJob(NamedTuple):
    """A job of a workflow that failed in a run, and of which no later failure is known.

    `job` is None where the run itself failed.
    """

    repoid: int
    workflowkey: WorkflowKey
    workflow: str
    job: str | None
    run: RunKey
    since: datetime

    def is_of(self, workflowgitid: int | None, name: str | None) -> bool:
        """Tell whether a run is of its workflow: by its name where one of both has no id."""
        if workflowgitid == self.workflowkey:
            return True
        if not isinstance(self.workflowkey, int):
            return workflow_key(None, name) == self.workflowkey
        return workflowgitid is None and workflow_key(None, name) == self.workflow.casefold()


class JobResult(NamedTuple):
    """A run that ended, and what became of one of its jobs in it; of none that is asked for.

    `run` is its Id.
    """

    createtime: datetime
    workflowgitid: int | None
    workflowname: str | None
    conclusion: str | None
    run: int
    job: str | None
    jobconclusion: str | None


def read_first_passes(
    connection: Connection, mended: Sequence[MendedJob], until: datetime
) -> list[datetime | None]:
    """Return of each job when the first run was made in which it passed: on its branch, since then.

    A job that was skipped or stopped, or that goes on, did not pass. In a run that passed without
    it nothing of it fails any more.
    """
    if not mended:
        return []
    branches = read_branches(connection, {one.run for one in mended})
    results: dict[tuple[datetime, int, str | None], list[JobResult]] = defaultdict(list)
    for since in {one.since for one in mended}:  # few were not well the night before
        some = [one for one in mended if one.since == since]
        for place, result in list_results(connection, some, set(branches.values()), until):
            results[since, *place].append(result)
    return [
        first_pass(job, results[job.since, job.repoid, branches.get(job.run)]) for job in mended
    ]


def first_pass(mended: MendedJob, results: Sequence[JobResult]) -> datetime | None:
    """Return when the first run was made in which a job passed."""
    own = [result for result in results if mended.is_of(result.workflowgitid, result.workflowname)]
    of_job = [one for one in own if one.job == mended.job]
    has_job = {one.run for one in of_job} if mended.job is not None else set[int]()
    passed = [one.createtime for one in of_job if one.jobconclusion == SUCCESS]
    without = [one for one in own if one.run not in has_job and one.conclusion == SUCCESS]
    return min([*passed, *(one.createtime for one in without)], default=None)


def list_results(
    connection: Connection,
    mended: Sequence[MendedJob],
    branches: Collection[str | None],
    until: datetime,
) -> Iterator[tuple[tuple[int, str | None], JobResult]]:
    """Yield the runs of branches with these jobs, since they failed, by repository and branch."""
    run, job = workflowruns.c, jobs.c
    of_workflows = select_workflows(mended)
    on_branches = run.branchname.in_([name for name in branches if name is not None])
    on_none = [run.branchname.is_(None)] if None in branches else []
    names = {one.job for one in mended if one.job is not None}
    for repoids in chunks({one.repoid for one in mended}):
        for some in chunks(names) if names else [[""]]:
            its = and_(job.provider == run.provider, job.rungitid == run.gitid, job.name.in_(some))
            query = (
                select(
                    run.repoid, run.branchname, run.createtime, run.workflowgitid,
                    run.workflowname, run.conclusion, run.Id, job.name, job.conclusion,
                )
                .outerjoin_from(workflowruns, jobs, its)
                .where(
                    run.repoid.in_(repoids),
                    run.createtime >= mended[0].since,
                    run.createtime < until,
                    run.status == COMPLETED,
                    run.headrepo.is_(None),
                    or_(on_branches, *on_none),
                    or_(run.event.is_(None), run.event.not_in(PROPOSALS)),
                    *of_workflows,
                )
            )  # fmt: skip
            for repoid, branch, *result in connection.execute(query):
                yield (repoid, branch), JobResult._make(result)


def select_workflows(mended: Sequence[MendedJob]) -> list[ColumnElement[bool]]:
    """Return the conditions of runs that may be of these workflows, as far as ids tell them."""
    ids = {one.workflowkey for one in mended if isinstance(one.workflowkey, int)}
    if len(ids) > SIZE or any(not isinstance(one.workflowkey, int) for one in mended):
        return []
    run = workflowruns.c
    return [or_(run.workflowgitid.in_(sorted(ids)), run.workflowgitid.is_(None))]


def read_branches(connection: Connection, runs: set[RunKey]) -> dict[RunKey, str | None]:
    """Return the branches of runs."""
    run = workflowruns.c
    return {
        (provider, gitid): branch
        for provider, numbers in by_scope(runs)
        for gitid, branch in connection.execute(
            select(run.gitid, run.branchname).where(
                run.provider == provider, run.gitid.in_(numbers)
            )
        )
    }
