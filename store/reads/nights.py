"""Named SELECTs for the page Nights: what each night brought, and what came before a failure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from config.groups import group_of, rules_of
from engines.chunks import chunks
from rows.words import FAILED
from schema.tables.ci import commits, repos, workflowruns
from schema.tables.rollups import rollnights, rollspans
from store.reads.runs import Commit, Run, columns
from store.rollups import night_summary, nightly_runs
from store.rollups.kept_spans import Said, Version, read_kept
from store.rollups.night_summary import NightRun
from store.rollups.nightly_runs import NightCell, NightlyResult, judge_nights
from store.rollups.spans import NIGHT, RollupPlan

CELL = 40
"""About the characters of what a night says of a repository, as it is kept beside its roll-up."""


class GroupedRepo(NamedTuple):
    """Where a nightly repository belongs: its name today, and its group if it has one."""

    name: str
    group: str | None


class RolledNight(NamedTuple):
    """A night with a roll-up."""

    begin: datetime
    night: date
    version: Version


def group_repos(connection: Connection, plan: RollupPlan) -> dict[int, GroupedRepo]:
    """Return the repositories that have a name."""
    query = select(repos.c.Id, repos.c.name).where(repos.c.name.is_not(None))
    rows = connection.execute(query).all()
    groups = ((number, name, group_of(plan.groups, name)) for number, name in rows)
    return {
        number: GroupedRepo(name, group.name if group else None) for number, name, group in groups
    }


class ReadNights(NamedTuple):
    """What nights brought by each way, and what they say; and the making of each roll-up of one."""

    results: list[NightlyResult]
    cells: dict[date, dict[int, NightCell]]
    made: dict[date, Version]


class RolledResults(NamedTuple):
    """What the roll-up of a night says, and what follows: kept, so nobody may change it."""

    results: tuple[NightlyResult, ...]
    cells: dict[int, NightCell]


def read_nights(
    connection: Connection, plan: RollupPlan, wanted: Sequence[date], repoid: int | None = None
) -> list[NightlyResult]:
    """Return what nights that follow each other brought, of one repository, or of all."""
    return read_made_nights(connection, plan, wanted, repoid).results


def read_made_nights(
    connection: Connection, plan: RollupPlan, wanted: Sequence[date], repoid: int | None = None
) -> ReadNights:
    """Return it with what it was read from: from roll-ups where they are made."""
    calendar, first, last = plan.calendar, min(wanted), max(wanted)
    rolled = find_rolled_nights(connection, plan, calendar.begin(first), calendar.end(last))
    read = partial(read_rolled_nights, connection, rolled, repoid)
    subject = ("nights", calendar, repoid)
    kept = read_kept(connection, list(rolled.values()), subject, read)
    results, cells = list[NightlyResult](), dict[date, dict[int, NightCell]]()
    for begin, night_kept in sorted(kept.items()):
        results += night_kept.results
        cells[rolled[begin].night] = night_kept.cells
    begun: date | None = None
    for night in sorted(wanted):
        if calendar.begin(night) in rolled:
            begun = None
            continue
        begun = begun or night
        after = calendar.end(night)
        if night == last or after in rolled:
            since = calendar.begin(begun)
            counted = nightly_runs.read_nights(
                connection, calendar, since, after, plan.groups, repoid
            )
            results += counted
            cells |= judge_nights(counted)
            begun = None
    return ReadNights(results, cells, {one.night: one.version for one in rolled.values()})


def find_rolled_nights(
    connection: Connection, plan: RollupPlan, since: datetime, until: datetime
) -> dict[datetime, RolledNight]:
    """Return the nights of a span with a roll-up, by their begin."""
    span, calendar = rollspans.c, plan.calendar
    query = select(span.begintime, span.endtime, span.revision, span.rolltime).where(
        span.kind == NIGHT,
        span.rules == rules_of(plan.groups),
        span.begintime >= since,
        span.begintime < until,
    )
    made = [
        (end, RolledNight(begin, calendar.night(begin), (revision, rolltime)))
        for begin, end, revision, rolltime in connection.execute(query)
    ]
    return {
        rolled.begin: rolled
        for end, rolled in made
        if (calendar.begin(rolled.night), calendar.end(rolled.night)) == (rolled.begin, end)
    }


def read_rolled_nights(
    connection: Connection,
    rolled: Mapping[datetime, RolledNight],
    repoid: int | None,
    begins: Sequence[datetime],
) -> dict[datetime, Said]:
    """Return what roll-ups of nights say, by their begin."""
    row = rollnights.c
    query = select(row.repoid, row.begintime, row.way, row.state, row.runs, row.detail)
    if repoid is not None:
        query = query.where(row.repoid == repoid)
    results: dict[datetime, list[NightlyResult]] = {begin: [] for begin in begins}
    sizes = dict.fromkeys(begins, 0)
    for some in chunks(begins):
        rows = connection.execute(query.where(row.begintime.in_(some))).all()
        for number, begin, way, state, runs, detail in rows:
            content = night_summary.from_text(state, runs, detail)
            results[begin].append(NightlyResult(number, rolled[begin].night, way, content))
            sizes[begin] += len(detail)
    return {
        begin: Said(
            RolledResults(tuple(brought), judge_nights(brought).get(rolled[begin].night, {})),
            sizes[begin] + CELL * len(brought),
        )
        for begin, brought in results.items()
    }


def list_nightly_runs(
    connection: Connection, plan: RollupPlan, repoid: int, since: datetime, until: datetime
) -> list[Run]:
    """Return the runs that a repository's night, from `since` to `until`, is judged by."""
    names = nightly_runs.read_rules(connection, plan.groups)
    by_way: dict[str, list[NightRun]] = defaultdict(list)
    for each in nightly_runs.list_runs(connection, since, until, names, repoid):
        if (way := nightly_runs.find_way(each, names[each.repoid])) is not None:
            by_way[way].append(each)
    ways = {way: night_summary.summarize(runs, {}) for way, runs in by_way.items()}
    chosen = {one.key for one in by_way.get(nightly_runs.choose_way(ways) or "", ())}
    run = workflowruns.c
    query = select(*columns(workflowruns, Run)).where(
        run.repoid == repoid, run.createtime >= since, run.createtime < until
    )
    rows = connection.execute(query.order_by(run.createtime, run.Id))
    return [one for one in (Run(*row) for row in rows) if one.key in chosen]


def like(run: Run) -> list[ColumnElement[bool]]:
    """Return the conditions of runs that may be compared with one: workflow, branch and event."""
    return [*of_branch(run), workflowruns.c.event == run.event]


def of_branch(run: Run) -> list[ColumnElement[bool]]:
    """Return the conditions of runs of the workflow and branch of one."""
    table = workflowruns.c
    same = and_(table.workflowgitid.is_(None), table.workflowname == run.workflowname)
    if run.workflowgitid is not None:
        same = or_(table.workflowgitid == run.workflowgitid, same)
    return [
        table.repoid == run.repoid,
        same,
        table.branchname == run.branchname,
        table.headrepo.is_(None),
    ]


def find_last_good(connection: Connection, bad: Run, since: datetime | None = None) -> Run | None:
    """Return the newest successful run before `bad`, from `since` on, among those like it."""
    run = workflowruns.c
    earlier = [run.createtime < bad.createtime, run.conclusion == "success"]
    earlier += [] if since is None else [run.createtime >= since]
    query = select(*columns(workflowruns, Run)).where(*like(bad), *earlier)
    row = connection.execute(query.order_by(run.createtime.desc(), run.Id.desc()).limit(1)).first()
    return None if row is None else Run(*row)


def find_good_at(connection: Connection, bad: Run, created: datetime) -> Run | None:
    """Return the successful run of a moment of the workflow and branch of `bad`."""
    run = workflowruns.c
    query = select(*columns(workflowruns, Run)).where(
        *of_branch(bad), run.createtime == created, run.conclusion == "success"
    )
    row = connection.execute(query.order_by(run.Id.desc()).limit(1)).first()
    return None if row is None else Run(*row)


def find_first_bad(connection: Connection, bad: Run, good: Run) -> Run:
    """Return the oldest failed run after `good` among those like `bad`: `bad` or an earlier one."""
    run = workflowruns.c
    later = [
        run.createtime > good.createtime,
        run.createtime <= bad.createtime,
        run.conclusion.in_(FAILED),
    ]
    query = select(*columns(workflowruns, Run)).where(*like(bad), *later)
    row = connection.execute(query.order_by(run.createtime, run.Id).limit(1)).first()
    return bad if row is None else Run(*row)


def list_commits_between(
    connection: Connection, repoid: int, after: datetime, until: datetime, limit: int
) -> list[Commit]:
    """Return a repository's commits by their author's time, newest first."""
    commit = commits.c
    query = (
        select(*columns(commits, Commit))
        .where(commit.repoid == repoid, commit.time > after, commit.time <= until)
        .order_by(commit.time.desc(), commit.Id.desc())
        .limit(limit)
    )
    return [Commit(*row) for row in connection.execute(query)]
