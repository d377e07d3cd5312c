"""Count what a day's runs and jobs came to, for each repository and for all (ALL).

Rows of JSON, so that a page adds up many days quickly:

    runs  [workflow, event, passed, failed]
    jobs  [workflow, job, pool, passed, failed, seconds, billed minutes, median seconds if passed]
    costs [workflow, pool, seconds, billed minutes]
    pools [pool, system, jobs, passed, failed, seconds, billed minutes, most at once, waits]
    main  [workflow, [[second it ended, whether it failed], ...]]

A workflow is the JSON of repos.Id, what it is known by there, and what it is called; a pool that
of its runners' group and labels; waits a text of store.rollups.histogram. Billed minutes are
rounded up for each job. What is of jobs is stored behind the others, as most pages do without.
`main` has the runs of the default branch where its state changed.
"""

import heapq
import math
import statistics
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, and_, case, func, select

from rows.sources import PROPOSALS
from rows.words import FAILED, SKIPPED, SUCCESS, workflow_key
from schema.tables.ci import jobs, repos, workflowruns
from store.rollups import histogram
from store.rollups.durations import RUN_OF_JOB, WORKFLOW_NAME

ALL, UNKNOWN = 0, -1
Rows = dict[str, list[list[Any]]]
EMPTY: Rows = {"runs": [], "jobs": [], "costs": [], "pools": [], "main": []}
EPOCH = datetime(1970, 1, 1)
SECOND = timedelta(seconds=1)


class FigureSums:
    """What is counted of one repository, or of all."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str | None], list[int]] = {}
        self.jobs: dict[tuple[str, str | None, str], list[Any]] = {}
        self.pools: dict[tuple[str, str | None], list[Any]] = {}
        self.main: dict[str, list[list[int]]] = {}

    def sum_costs(self) -> dict[tuple[str, str], list[Any]]:
        """Return job time and billed minutes of each workflow on each pool."""
        costs: dict[tuple[str, str], list[Any]] = {}
        for (flow, _, pool), (_, _, seconds, minutes, _) in self.jobs.items():
            own = costs.setdefault((flow, pool), [0.0, 0])
            own[:] = own[0] + seconds, own[1] + minutes
        return costs

    def rows(self) -> Rows:
        """Return what is stored."""
        return {
            "runs": [[*key, *counts] for key, counts in sorted(self.runs.items(), key=repr)],
            "jobs": [
                [*key, *counts, statistics.median(lengths) if lengths else None]
                for key, (*counts, lengths) in sorted(self.jobs.items(), key=repr)
            ],
            "costs": [[*key, *sums] for key, sums in sorted(self.sum_costs().items())],
            "pools": [
                [*key, *counts, most_at_once(times), histogram.as_text(waits)]
                for key, (*counts, times, waits) in sorted(self.pools.items(), key=repr)
            ],
            "main": [[flow, changes] for flow, changes in sorted(self.main.items())],
        }


def as_text(rows: Rows) -> str:
    """Return figures as they are stored: two lines, the second has the jobs."""
    first = {subject: own for subject, own in rows.items() if subject != "jobs"}
    return f"{orjson.dumps(first).decode()}\n{orjson.dumps(rows.get('jobs', [])).decode()}"


def from_text(text: str | None, *, with_jobs: bool) -> Rows:
    """Return stored figures."""
    first, _, second = (text or "{}\n[]").partition("\n")
    rows: Rows = {**EMPTY, **orjson.loads(first)}
    return {**rows, "jobs": orjson.loads(second)} if with_jobs else rows


def most_at_once(times: list[tuple[datetime, datetime]]) -> int:
    """Return how many of these spans overlapped at most."""
    ends: list[datetime] = []
    most = 0
    for begin, end in sorted(times):
        while ends and ends[0] <= begin:
            heapq.heappop(ends)
        heapq.heappush(ends, end)
        most = max(most, len(ends))
    return most


@lru_cache(maxsize=4096)
def workflow_text(repoid: int, gitid: int | None, name: str | None) -> str:
    """Return what stands for a workflow."""
    return orjson.dumps([repoid, workflow_key(gitid, name), name or ""]).decode()


@lru_cache(maxsize=4096)
def pool_text(group: str | None, labels: str | None) -> str:
    """Return what stands for a pool of runners."""
    return orjson.dumps([group or "", orjson.loads(labels) if labels else []]).decode()


def count_figures(connection: Connection, begin: datetime, end: datetime) -> dict[int, Rows]:
    """Return the figures of a day, or of any span, by repository and for ALL."""
    sums: dict[int, FigureSums] = defaultdict(FigureSums)
    add_runs(connection, begin, end, sums)
    add_jobs(connection, begin, end, sums)
    return {number: own.rows() for number, own in sums.items()}


def add_runs(
    connection: Connection, begin: datetime, end: datetime, sums: dict[int, FigureSums]
) -> None:
    """Add how runs ended, and when the default branch turned red or green."""
    run = workflowruns.c
    on_main = and_(
        repos.c.defaultbranch == run.branchname,
        run.headrepo.is_(None),
        func.coalesce(run.event, "").not_in(PROPOSALS),
    )
    query = select(
        run.repoid, run.workflowgitid, run.workflowname, run.event, run.conclusion, run.endtime,
        case((on_main, 1), else_=0),
    ).outerjoin(repos, repos.c.Id == run.repoid)  # fmt: skip
    query = query.where(run.createtime >= begin, run.createtime < end)
    query = query.where(run.conclusion.in_((*FAILED, SUCCESS))).order_by(run.createtime, run.Id)
    for repoid, gitid, name, event, conclusion, ended, is_main in connection.execute(query):
        number, failed = UNKNOWN if repoid is None else repoid, int(conclusion in FAILED)
        flow = workflow_text(number, gitid, name)
        for total in (sums[ALL], sums[number]):
            counts = total.runs.setdefault((flow, event), [0, 0])
            counts[failed] += 1
            if is_main and ended is not None:
                changes = total.main.setdefault(flow, [])
                if not changes or changes[-1][1] != failed:
                    changes.append([(ended - EPOCH) // SECOND, failed])


def add_jobs(
    connection: Connection, begin: datetime, end: datetime, sums: dict[int, FigureSums]
) -> None:
    """Add how jobs ended, how long they waited and ran, and on which runners."""
    job, run = jobs.c, workflowruns.c
    waited = and_(
        job.gated.is_(False),
        func.coalesce(job.clockanomaly, False).is_(False),
        func.coalesce(job.conclusion, "") != SKIPPED,
    )
    query = select(
        job.repoid, run.workflowgitid, WORKFLOW_NAME, job.name, job.os, job.runnergroup, job.labels,
        job.conclusion, job.starttime, job.endtime, job.runtime,
        case((waited, job.queuetime)),
    ).join_from(jobs, workflowruns, RUN_OF_JOB)  # fmt: skip
    query = query.where(job.createtime >= begin, job.createtime < end, job.inherited.is_(False))
    for row in connection.execute(query):
        repoid, gitid, flow_name, name, system, group, labels, *told = row
        conclusion, began, ended, runtime, wait = told
        number = UNKNOWN if repoid is None else repoid
        flow, pool = workflow_text(number, gitid, flow_name), pool_text(group, labels)
        passed, failed = int(conclusion == SUCCESS), int(conclusion in FAILED)
        seconds = runtime or 0.0
        minutes = math.ceil(seconds / 60)
        for total in (sums[ALL], sums[number]):
            own = total.jobs.setdefault((flow, name, pool), [0, 0, 0.0, 0, []])
            shared = total.pools.setdefault((pool, system), [0, 0, 0, 0.0, 0, [], Counter()])
            own[:4] = own[0] + passed, own[1] + failed, own[2] + seconds, own[3] + minutes
            if runtime is not None:
                shared[0] += 1
            shared[1:5] = (
                shared[1] + passed, shared[2] + failed, shared[3] + seconds, shared[4] + minutes
            )  # fmt: skip
            if passed and runtime is not None:
                own[4].append(runtime)
            if began is not None and ended is not None:
                shared[5].append((began, ended))
            if wait is not None:
                shared[6][histogram.bucket(wait)] += 1
