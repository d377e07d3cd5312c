"""Count what a day's runs and jobs came to (store.rollups.figures): how ended, where, how long."""

import heapq
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from rows.sources import CHILDREN, PROPOSALS
from rows.words import FAILED, SKIPPED, SUCCESS
from schema.tables.ci import jobs, repos, workflowruns
from store.rollups import histogram
from store.rollups.branch_runs import (
    FormerDefault,
    list_errands,
    list_former_defaults,
    of_former_defaults,
)
from store.rollups.durations import RUN_OF_JOB, WORKFLOW_NAME
from store.rollups.figures import (
    ALL,
    UNKNOWN,
    DayFigures,
    JobEnds,
    JobTurns,
    pool_text,
    workflow_text,
)
from store.rollups.turns import Turns, as_numbers

EPOCH = datetime(1970, 1, 1)
SECOND = timedelta(seconds=1)
NAMELESS = "?"
Borders = tuple[datetime, datetime]


class MainRuns(NamedTuple):
    """Tells runs of default branches: the condition, and workflows that tell nothing of theirs."""

    condition: ColumnElement[bool]
    errands: set[tuple[int, int]]


class FigureSums:
    """What is counted of one repository, or of all."""

    def __init__(self) -> None:
        self.runs: dict[str, list[int]] = {}
        self.events: dict[str, list[int]] = {}
        self.jobs: dict[tuple[str, str, str], list[Any]] = {}
        self.pools: dict[tuple[str, str | None], list[Any]] = {}
        self.turns: Turns[str] = Turns()
        self.job_turns: Turns[tuple[str, str]] = Turns()

    def figures(self) -> DayFigures:
        """Return what is stored."""
        costs: Counter[tuple[str, str]] = Counter()
        for (flow, _, pool), (_, _, minutes, _) in self.jobs.items():
            costs[flow, pool] += minutes
        costs = +costs  # without what cost nothing
        flows = sorted(self.runs.keys() | {flow for flow, _ in costs})
        place = {flow: number for number, flow in enumerate(flows)}
        pools = sorted(self.pools.items(), key=repr)
        first = {pool: len(pools) - n for n, ((pool, _), _) in enumerate(reversed(pools), start=1)}
        billed = sorted((place[flow], first[pool], n) for (flow, pool), n in costs.items())
        tags: dict[str, int] = {}
        red = [[place[flow], as_numbers(own, tags)] for flow, own in self.turns.list_red()]
        green = [(place[flow], second) for flow, second in self.turns.list_green()]
        return DayFigures(
            flows=flows,
            passed=[self.runs.get(flow, (0, 0))[0] for flow in flows],
            failed=[self.runs.get(flow, (0, 0))[1] for flow in flows],
            events=dict(sorted(self.events.items())),
            pools=[
                [*key, *counts[:3], round(counts[3], 6), counts[4], most_at_once(times),
                 histogram.as_text(waits)]
                for key, (*counts, times, waits) in pools
            ],
            costs=[list(column) for column in zip(*billed, strict=True)] or [[], [], []],
            tags=list(tags),
            red=red,
            green=[list(column) for column in zip(*green, strict=True)] or [[], []],
            medians=self.list_medians(),
            ends=self.list_ends(),
            turns=self.list_job_turns(),
        )  # fmt: skip

    def list_medians(self) -> dict[str, dict[str, float]]:
        """Return the median run times of passed jobs; of several pools, that of most jobs."""
        most: dict[tuple[str, str], tuple[int, float]] = {}
        for (flow, name, _), (passed, _, _, lengths) in sorted(self.jobs.items()):
            known = most.get((flow, name))
            if lengths and (known is None or passed > known[0]):
                most[flow, name] = (passed, round(statistics.median(lengths), 3))
        medians: dict[str, dict[str, float]] = {}
        for (flow, name), (_, seconds) in most.items():
            medians.setdefault(flow, {})[name] = seconds
        return medians

    def list_ends(self) -> JobEnds:
        """Return how jobs ended, by workflow and name, whatever ran them."""
        flows: dict[str, dict[str, list[int]]] = {}
        for (flow, name, _), (passed, failed, *_) in sorted(self.jobs.items()):
            if not passed + failed:
                continue
            own = flows.setdefault(flow, {}).setdefault(name, [0, 0])
            own[:] = own[0] + passed, own[1] + failed
        return [
            [flow, {name: ends if ends[1] else ends[0] for name, ends in own.items()}]
            for flow, own in flows.items()
        ]

    def list_job_turns(self) -> JobTurns:
        """Return when jobs turned on the default branch."""
        tags: dict[str, int] = {}
        red = [[*key, as_numbers(own, tags)] for key, own in self.job_turns.list_red()]
        green: dict[str, dict[str, int]] = {}
        for (flow, name), second in self.job_turns.list_green():
            green.setdefault(flow, {})[name] = second
        return JobTurns(list(tags), red, green)


Sums = dict[int, FigureSums]
"""By repository, and for ALL."""


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


def count_figures(connection: Connection, begin: datetime, end: datetime) -> dict[int, DayFigures]:
    """Return the figures of a day, or of any span, by repository and for ALL."""
    sums: Sums = defaultdict(FigureSums)
    main = MainRuns(on_main(list_former_defaults(connection)), list_errands(connection))
    add_runs(connection, (begin, end), sums, main)
    add_jobs(connection, (begin, end), sums, main)
    return {number: own.figures() for number, own in sums.items()}


def on_main(former: Sequence[FormerDefault]) -> ColumnElement[bool]:
    """Return the condition of runs of the default branch, those of proposals left out."""
    run = workflowruns.c
    return and_(
        or_(repos.c.defaultbranch == run.branchname, of_former_defaults(former)),
        run.headrepo.is_(None),
        func.coalesce(run.event, "").not_in(PROPOSALS),
        or_(  # without a name it would be taken for a schedule that has none
            run.workflowname.is_not(None),
            run.workflowgitid.is_not(None),
            func.coalesce(run.event, "").not_in(CHILDREN),
        ),
    )


def add_runs(connection: Connection, borders: Borders, sums: Sums, main: MainRuns) -> None:
    """Add how runs ended, and when the default branch turned red or green."""
    run, (begin, end) = workflowruns.c, borders
    query = select(
        run.repoid, run.workflowgitid, run.workflowname, run.event, run.conclusion, run.endtime,
        case((main.condition, 1), else_=0),
    ).outerjoin(repos, repos.c.Id == run.repoid)  # fmt: skip
    query = query.where(run.createtime >= begin, run.createtime < end)
    query = query.where(run.conclusion.in_((*FAILED, SUCCESS))).order_by(run.createtime, run.Id)
    for repoid, gitid, name, event, conclusion, ended, is_main in connection.execute(query):
        number, failed = UNKNOWN if repoid is None else repoid, int(conclusion in FAILED)
        flow, tag = workflow_text(number, gitid, name), event or ""
        for total in (sums[ALL], sums[number]):
            total.runs.setdefault(flow, [0, 0])[failed] += 1
            total.events.setdefault(tag, [0, 0])[failed] += 1
            if is_main and ended is not None and (repoid, gitid) not in main.errands:
                total.turns.add(flow, (ended - EPOCH) // SECOND, tag if failed else None)


def add_jobs(connection: Connection, borders: Borders, sums: Sums, main: MainRuns) -> None:
    """Add how jobs ended, how long they waited and ran, and on which runners."""
    job, run, (begin, end) = jobs.c, workflowruns.c, borders
    waited = and_(
        job.gated.is_(False),
        func.coalesce(job.clockanomaly, False).is_(False),
        func.coalesce(job.conclusion, "") != SKIPPED,
    )
    query = select(
        job.repoid, run.workflowgitid, WORKFLOW_NAME, job.name, job.os, job.runnergroup, job.labels,
        job.conclusion, job.starttime, job.endtime, job.runtime,
        case((waited, job.queuetime)), case((main.condition, 1), else_=0),
    ).join_from(jobs, workflowruns, RUN_OF_JOB)  # fmt: skip
    query = query.outerjoin(repos, repos.c.Id == run.repoid).order_by(job.createtime, job.Id)
    query = query.where(job.createtime >= begin, job.createtime < end, job.inherited.is_(False))
    for row in connection.execute(query):
        repoid, gitid, flow_name, name, system, group, labels, *told = row
        conclusion, began, ended, runtime, wait, is_main = told
        number, name = UNKNOWN if repoid is None else repoid, name or NAMELESS
        flow, pool = workflow_text(number, gitid, flow_name), pool_text(group, labels)
        passed, failed = int(conclusion == SUCCESS), int(conclusion in FAILED)
        is_main = is_main and (repoid, gitid) not in main.errands
        seconds = runtime or 0.0
        minutes = math.ceil(seconds / 60)
        for total in (sums[ALL], sums[number]):
            own = total.jobs.setdefault((flow, name, pool), [0, 0, 0, []])
            shared = total.pools.setdefault((pool, system), [0, 0, 0, 0.0, 0, [], Counter()])
            own[:3] = own[0] + passed, own[1] + failed, own[2] + minutes
            if runtime is not None:
                shared[0] += 1
            shared[1:5] = (
                shared[1] + passed, shared[2] + failed, shared[3] + seconds, shared[4] + minutes
            )  # fmt: skip
            if passed and runtime is not None:
                own[3].append(runtime)
            if began is not None and ended is not None:
                shared[5].append((began, ended))
            if wait is not None:
                shared[6][histogram.bucket(wait)] += 1
            if is_main and (passed or failed) and ended is not None:
                second = (ended - EPOCH) // SECOND
                total.job_turns.add((flow, name), second, pool if failed else None)
