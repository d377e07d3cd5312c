"""Nightlies that did not run are told as a branch that turned red: noted once, until one runs."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, select

from config.calendar import days
from engines import database_time
from engines.transaction import transact
from schema.tables.ci import repos
from store.history.expected_nights import PAST
from store.history.missed_nights import MissedNight, list_missed
from store.history.red_now import number_workflow
from store.reads.nights import read_made_nights
from store.rollups.spans import RollupPlan
from store.state import alerts, red_periods
from store.state.alerts import RED
from store.state.red_periods import RedPeriod

FRESH = timedelta(hours=24)
NIGHTS = 2
"""The night that goes on, and the one before."""


def read_missed(connection: Connection, plan: RollupPlan, now: datetime) -> list[MissedNight]:
    """Return the nightlies that were expected in the last day, and did not run."""
    last = plan.calendar.night(now)
    nights = days(last - timedelta(days=NIGHTS - 1), last)
    read = days(nights[0] - timedelta(days=PAST), last)
    results, _, made = read_made_nights(connection, plan, read)
    missed = list_missed(connection, plan, results, nights, now, made)
    return [each for each in missed if utc(each.expected) > now - FRESH]


def number_missed(missed: MissedNight) -> int:
    """Return what stands for the workflow in `redperiods`."""
    known = missed.workflowkey
    return number_workflow(*((known, None) if isinstance(known, int) else (None, known)))


def note_missed(engine: Engine, plan: RollupPlan, targets: Collection[str]) -> int:
    """Note nightlies that did not run, to be told to targets; return how many. Raises DBAPIError.

    One that is missed night after night is told once, until it runs again.
    """
    with engine.connect() as connection:
        missed = read_missed(connection, plan, database_time(connection))
        new = leave_known(connection, missed)
    if not new:
        return 0

    def work(connection: Connection) -> int:
        now, still = database_time(connection), leave_known(connection, new)
        for each in still:
            repo = repos.c
            query = select(repo.provider, repo.defaultbranch).where(repo.Id == each.repoid)
            of_repo = connection.execute(query).one()._mapping
            values = {
                "repoid": each.repoid,
                "workflowgitid": number_missed(each),
                "rungitid": -each.night.toordinal(),
                "provider": of_repo["provider"],
                "branchname": of_repo["defaultbranch"],
                "redtime": utc(each.expected),
                "seentime": now,
            }
            number = red_periods.begin(connection, values)
            if number is not None:
                alerts.put(connection, number, RED, targets, now)
        return len(still)

    return transact(engine, work)


def as_period(missed: MissedNight) -> RedPeriod:
    """Return a night that nobody noted as a period that goes on."""
    since, run = utc(missed.expected), -missed.night.toordinal()
    number = number_missed(missed)
    return RedPeriod(0, missed.repoid, number, run, None, since, since, None, None)


def leave_known(connection: Connection, missed: Sequence[MissedNight]) -> list[MissedNight]:
    """Return those that were not noted before, and whose workflow is not red or missed now."""
    begun = {(one.repoid, one.workflowgitid) for one in red_periods.list_open(connection)}
    noted = red_periods.list_missed_runs(connection)

    def is_new(night: MissedNight) -> bool:
        key = (night.repoid, number_missed(night))
        return key not in begun and (*key, -night.night.toordinal()) not in noted

    return list(filter(is_new, missed))


def utc(moment: datetime) -> datetime:
    """Return a time of a zone in UTC, without zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
