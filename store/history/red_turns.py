"""Default branches that turned red or green since somebody looked: noted, and told once."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, column, select, table

from engines import database_time
from engines.chunks import chunks
from engines.transaction import transact
from rows.words import SUCCESS
from schema.tables.ci import repos, workflows
from schema.tables.failures import failures
from store.history.expected_nights import NEAR
from store.history.red_now import RedWorkflow, as_time, list_red, number_workflow
from store.state import alerts, red_periods
from store.state.alerts import RED
from store.state.red_periods import RedPeriod

MOST = 5000
FRESH = timedelta(hours=24)
"""What is red for longer when it is first seen is no news: it is of a history that was read."""
KEPT = timedelta(days=90)
WAIT = timedelta(seconds=90)
"""How long a message waits for what its run's jobs say, so that an outage is told once."""
READ_OF_LATE = timedelta(days=7)
LOST = timedelta(days=14)
"""How long a workflow is waited for that no run tells of any more: as the view does."""


def note_turns(engine: Engine, targets: Collection[str]) -> tuple[int, int]:
    """Note what turned red and green, to be told to targets; return how many. Raises DBAPIError.

    Looked for without a lock, for deliveries wait for none; written where something turned.
    """
    with engine.connect() as connection:
        red = list_red(connection, MOST)
        turned, over = compare(red, red_periods.list_open(connection))
        now = database_time(connection)
        ended = find_ended(connection, over, now)
        is_old = red_periods.has_older(connection, now - KEPT)
    if not (turned or ended or is_old):
        return 0, 0

    def work(connection: Connection) -> tuple[int, int]:
        now = database_time(connection)
        still, _ = compare(red, red_periods.list_open(connection))
        for red_workflow in still:
            begin(connection, red_workflow, targets, now)
        for period, gitid in ended:
            red_periods.end(connection, period.Id, now, gitid)
            alerts.settle(connection, period.Id, () if gitid is None else targets, now)
        red_periods.drop(connection, now - KEPT)
        return len(still), len(ended)

    return transact(engine, work)


def compare(
    red: Collection[RedWorkflow], begun: Collection[RedPeriod]
) -> tuple[list[RedWorkflow], list[RedPeriod]]:
    """Return what is red and not known to be, and what is known to be and is not red.

    A workflow whose runs had no id, and have one since, goes on: it began with the same run.
    """
    now = {(one.repoid, one.number) for one in red}
    now_runs = {(one.repoid, one.sincerungitid) for one in red}
    known = {(one.repoid, one.workflowgitid) for one in begun if not one.is_missed}
    known_runs = {(one.repoid, one.rungitid) for one in begun}

    def is_new(workflow: RedWorkflow) -> bool:
        key, run = (workflow.repoid, workflow.number), (workflow.repoid, workflow.sincerungitid)
        return key not in known and run not in known_runs

    def is_over(period: RedPeriod) -> bool:
        key, run = (period.repoid, period.workflowgitid), (period.repoid, period.rungitid)
        return key not in now and run not in now_runs

    return list(filter(is_new, red)), list(filter(is_over, begun))


def begin(connection: Connection, red: RedWorkflow, targets: Iterable[str], now: datetime) -> None:
    """Note that a workflow turned red."""
    values = {
        "repoid": red.repoid,
        "workflowgitid": red.number,
        "rungitid": red.sincerungitid,
        "provider": red.provider,
        "branchname": red.branchname,
        "redtime": red.since,
        "seentime": now,
    }
    number = red_periods.begin(connection, values)
    if number is not None and red.since > now - FRESH:
        due = now + WAIT if is_reason_awaited(connection, red, now) else now
        alerts.put(connection, number, RED, targets, now, due)


def is_reason_awaited(connection: Connection, red: RedWorkflow, now: datetime) -> bool:
    """Tell whether what jobs say is read in this store, and not yet of a run."""
    failure = failures.c
    own = (failure.provider == red.provider, failure.rungitid == red.sincerungitid)
    if connection.scalar(select(failure.Id).where(*own).limit(1)) is not None:
        return False
    # The newest rows stand last, and are looked at alone.
    newest = select(failure.time).where(failure.provider == red.provider)
    time = connection.scalar(newest.order_by(failure.Id.desc()).limit(1))
    return time is not None and time > now - READ_OF_LATE


def find_ended(
    connection: Connection, over: Collection[RedPeriod], now: datetime
) -> list[tuple[RedPeriod, int | None]]:
    """Return the periods that are over, and the good runs; a run done again is waited for.

    What is known by its name alone may have got one, or another, since it turned red.
    """
    if not over:
        return []
    today = red_periods.read_workflows(connection, [one.Id for one in over])
    current = read_newest(connection, {one.repoid for one in over})
    unused = list_unused(connection, {one.repoid for one in over})
    ended: list[tuple[RedPeriod, int | None]] = []
    for period in over:
        key = (period.repoid, period.workflowgitid)
        if key not in current and period.Id in today:
            key = (period.repoid, number_workflow(*today[period.Id]))
        conclusion, gitid, created = current.get(key, (None, None, None))
        has_run = created is not None and created >= period.redtime - period.is_missed * NEAR
        if has_run and conclusion == SUCCESS:
            ended.append((period, gitid))
        elif has_run and period.is_missed:
            ended.append((period, None))  # it ran, and is red by that run
        elif key in unused or (
            (created is None or period.is_missed) and period.redtime < now - LOST
        ):
            ended.append((period, None))
    return ended


Newest = dict[tuple[int, int], tuple[str | None, int | None, datetime | None]]


def read_newest(connection: Connection, repoids: Iterable[int]) -> Newest:
    """Return how the newest run of each workflow on the default branch ended, by the one rule."""
    names = ("repoid", "workflowgitid", "workflowname", "conclusion", "rungitid", "createtime")
    view, newest = table("main_now", *(column(name) for name in names)), Newest()
    for part in chunks(sorted(repoids)):
        for row in connection.execute(select(view).where(view.c.repoid.in_(part))):
            ended = (row.conclusion, row.rungitid, as_time(row.createtime))
            newest[row.repoid, number_workflow(row.workflowgitid, row.workflowname)] = ended
            newest.setdefault((row.repoid, number_workflow(None, row.workflowname)), ended)
    return newest


def list_unused(connection: Connection, repoids: Iterable[int]) -> set[tuple[int, int]]:
    """Return workflows that are disabled or deleted, or whose repository is gone or archived."""
    unused = set[tuple[int, int]]()
    for part in chunks(sorted(repoids)):
        query = (
            select(workflows.c.repoid, workflows.c.gitid)
            .join(repos, repos.c.Id == workflows.c.repoid)
            .where(
                workflows.c.repoid.in_(part),
                repos.c.gonereason.is_not(None)
                | repos.c.archived.is_(True)
                | (workflows.c.state != "active"),
            )
        )
        unused |= {(repoid, gitid) for repoid, gitid in connection.execute(query)}
    return unused
