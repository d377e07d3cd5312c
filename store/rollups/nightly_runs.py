"""Which runs are nightly, and what they make of each night.

In a night with scheduled runs these are the nightly ones, in others all of the default branch
that are not proposals; a group of the groups file may say something else. A night is judged by
its own runs alone, so that it says the same however many nights are looked at.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from config.calendar import Calendar
from config.groups import Group, group_of, is_nightly
from rows.sources import PROPOSALS, SCHEDULES, source_of
from rows.words import FAILED, WorkflowKey
from schema.tables.ci import repos, workflowruns
from store.failed_jobs import MadeOthers, list_failed_jobs, list_jobs_of_children
from store.rollups import night_summary
from store.rollups.branch_runs import (
    FormerDefault,
    list_errands,
    list_former_defaults,
    of_former_defaults,
    tell_stopped,
)
from store.rollups.night_summary import (
    NOTHING,
    NightContent,
    NightFailure,
    NightRun,
    summarize,
)
from store.rollups.spans import RollupPlan

USUAL_BRANCHES = ("main", "master")
SCHEDULE, BRANCH, GROUP = "schedule", "branch", "group"


class NightlyResult(NamedTuple):
    """A repository's night, by one of the ways that make runs nightly."""

    repoid: int
    night: date
    way: str
    content: NightContent


class NightCell(NamedTuple):
    """What one repository did in one night; `runs` counts superseded ones too."""

    night: date
    state: str
    runs: int
    ran: Mapping[WorkflowKey, str]
    failures: tuple[NightFailure, ...]


class NightlyRules(NamedTuple):
    """What tells a repository's nightly runs; `errands` are workflows that tell nothing of it."""

    defaultbranch: str | None
    group: Group | None
    errands: Collection[int]
    former: Mapping[str, FormerDefault]

    def is_default(self, branch: str | None, created: datetime) -> bool:
        """Tell whether a branch is the default one, or was it at a time."""
        usual = USUAL_BRANCHES if self.defaultbranch is None else (self.defaultbranch,)
        before = self.former.get(branch or "")
        return branch in usual or (before is not None and created < before.until)


def read_rules(connection: Connection, groups: Sequence[Group]) -> dict[int, NightlyRules]:
    """Return the repositories that have a name."""
    query = select(repos.c.Id, repos.c.name, repos.c.defaultbranch)
    errands: dict[int, set[int]] = defaultdict(set)
    for repoid, workflowgitid in list_errands(connection):
        errands[repoid].add(workflowgitid)
    former: dict[int, dict[str, FormerDefault]] = defaultdict(dict)
    for each in list_former_defaults(connection):
        former[each.repoid][each.name] = each
    rows = connection.execute(query.where(repos.c.name.is_not(None)))
    return {
        number: NightlyRules(branch, group_of(groups, name), errands[number], former[number])
        for number, name, branch in rows
    }


def find_way(run: NightRun, names: NightlyRules) -> str | None:
    """Return what makes a run nightly, None for one that is not."""
    if names.group is not None and names.group.has_rule:
        return GROUP if is_nightly(names.group, run.workflowname, run.author) else None
    if run.event in SCHEDULES:
        return SCHEDULE
    if run.workflowgitid in names.errands:
        return None
    is_default = names.is_default(run.branchname, run.createtime)
    return BRANCH if run.event not in PROPOSALS and is_default else None


def choose_way(ways: Mapping[str, NightContent]) -> str | None:
    """Return by which of its ways a repository's night is judged: the first that says something."""
    known = [way for way in (GROUP, SCHEDULE, BRANCH) if way in ways]
    telling = (way for way in known if ways[way].state != NOTHING)
    return next(telling, known[0] if known else None)


def judge_nights(results: Iterable[NightlyResult]) -> dict[date, dict[int, NightCell]]:
    """Return by night what it says of each repository, by the way that it is judged by."""
    every: dict[date, dict[int, dict[str, NightContent]]] = defaultdict(lambda: defaultdict(dict))
    for repoid, night, way, content in results:
        every[night][repoid][way] = content
    return {
        night: {
            repoid: NightCell(night, *ways[choose_way(ways) or ""])
            for repoid, ways in repos_of.items()
        }
        for night, repos_of in every.items()
    }


def candidate_conditions(names: dict[int, NightlyRules]) -> ColumnElement[bool]:
    """Return a condition that every nightly run fits, and few others."""
    run = workflowruns.c
    ruled = [number for number, one in names.items() if one.group and one.group.has_rule]
    usual = or_(
        of_former_defaults([each for one in names.values() for each in one.former.values()]),
        run.branchname == repos.c.defaultbranch,
        and_(repos.c.defaultbranch.is_(None), run.branchname.in_(USUAL_BRANCHES)),
    )
    nightly = or_(
        run.event.in_(SCHEDULES),
        and_(usual, run.event.not_in(PROPOSALS)),
        *([run.repoid.in_(ruled)] if ruled else []),
    )
    return and_(run.headrepo.is_(None), nightly)  # a fork's main is not ours


def read_nights(
    connection: Connection,
    calendar: Calendar,
    since: datetime,
    until: datetime,
    groups: Sequence[Group] = (),
    repoid: int | None = None,
) -> list[NightlyResult]:
    """Return what the runs created from `since` to `until` make of their nights."""
    names = read_rules(connection, groups)
    by_cell: dict[tuple[int, date, str], list[NightRun]] = defaultdict(list)
    for run in list_runs(connection, since, until, names, repoid):
        way = find_way(run, names[run.repoid])
        if way is not None:
            by_cell[run.repoid, calendar.night(run.createtime), way].append(run)
    failed = [run for runs in by_cell.values() for run in runs if run.conclusion in FAILED]
    reasons = list_failed_jobs(connection, {run.key: run.attempt for run in failed})
    ways = {run.key: way for (_, _, way), runs in by_cell.items() for run in runs}
    # What only made others failed by theirs, where no night judges these beside it.
    bare = {
        run.key: MadeOthers(run.repoid, run.createtime, ways[run.key])
        for run in failed
        if run.key not in reasons and source_of(run.provider).children
    }
    reasons |= list_jobs_of_children(connection, bare, ways)
    return [NightlyResult(*key, summarize(runs, reasons)) for key, runs in by_cell.items()]


def summarize_night(
    connection: Connection, plan: RollupPlan, begin: datetime, end: datetime
) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the roll-up of a night by repository and way, without `begintime`."""
    return {
        (night.repoid, night.way): {
            "state": night.content.state,
            "runs": night.content.runs,
            "detail": night_summary.as_text(night.content),
        }
        for night in read_nights(connection, plan.calendar, begin, end, plan.groups)
    }


def list_runs(
    connection: Connection,
    since: datetime,
    until: datetime,
    names: dict[int, NightlyRules],
    repoid: int | None = None,
) -> list[NightRun]:
    """Return the runs of a span, of one repository or all, that may be nightly, oldest first."""
    run = workflowruns.c
    query = (
        select(*(run[name] for name in NightRun._fields))
        .join_from(workflowruns, repos, repos.c.Id == run.repoid)
        .where(run.createtime >= since, run.createtime < until)
        .where(repos.c.name.is_not(None), candidate_conditions(names))
        .order_by(run.createtime, run.Id)
    )
    if repoid is not None:
        query = query.where(run.repoid == repoid)
    return tell_stopped(connection, [NightRun(*row) for row in connection.execute(query)])
