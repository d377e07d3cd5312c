"""When workflows were red on their default branches, as it was seen."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, select, update

from engines.chunks import chunks
from schema.tables.alerts import alerts, redperiods
from schema.tables.ci import workflowruns
from schema.tables.columns import keys


class RedPeriod(NamedTuple):
    """A time in which a workflow was red; `greengitid` is None where it is over otherwise."""

    Id: int
    repoid: int
    workflowgitid: int
    rungitid: int
    branchname: str | None
    redtime: datetime
    seentime: datetime
    greentime: datetime | None
    greengitid: int | None

    @property
    def is_missed(self) -> bool:
        """Whether it is of a nightly that did not run."""
        return self.rungitid < 0

    @property
    def night(self) -> date | None:
        """The night in which that was expected."""
        return date.fromordinal(-self.rungitid) if self.is_missed else None


def select_periods() -> Any:
    """Return the query of all of them."""
    return select(*(redperiods.c[name] for name in RedPeriod._fields))


def list_open(connection: Connection) -> list[RedPeriod]:
    """Return those that are not over."""
    rows = connection.execute(select_periods().where(redperiods.c.greentime.is_(None)))
    return [RedPeriod(*row) for row in rows]


def list_missed_runs(connection: Connection) -> set[tuple[int, int, int]]:
    """Return the repository, workflow and night of each nightly that was noted not to have run."""
    row = redperiods.c
    query = select(row.repoid, row.workflowgitid, row.rungitid).where(row.rungitid < 0)
    return {(repoid, number, run) for repoid, number, run in connection.execute(query)}


def read(connection: Connection, numbers: Iterable[int]) -> dict[int, RedPeriod]:
    """Return some by their numbers."""
    periods: dict[int, RedPeriod] = {}
    for part in chunks(sorted(numbers)):
        rows = connection.execute(select_periods().where(redperiods.c.Id.in_(part)))
        periods |= {row.Id: RedPeriod(*row) for row in rows}
    return periods


def read_workflows(
    connection: Connection, numbers: Iterable[int]
) -> dict[int, tuple[int | None, str | None]]:
    """Return the id and the name that the workflow of each one's run has today, by number."""
    period, run = redperiods.c, workflowruns.c
    of_run = and_(run.provider == period.provider, run.gitid == period.rungitid)
    query = select(period.Id, run.workflowgitid, run.workflowname).join(workflowruns, of_run)
    return {
        number: (gitid, name)
        for part in chunks(sorted(numbers))
        for number, gitid, name in connection.execute(query.where(period.Id.in_(part)))
    }


def begin(connection: Connection, values: dict[str, Any]) -> int | None:
    """Note that one begins; None where it was noted already, and goes on. Raises DBAPIError."""
    row = redperiods.c
    its = [row[name] == values[name] for name in keys(redperiods)]
    known = connection.scalar(select(row.Id).where(*its))
    if known is not None:
        again = update(redperiods).where(row.Id == known)
        connection.execute(again.values(greentime=None, greengitid=None))
        return None
    connection.execute(redperiods.insert(), values)
    return connection.scalar(select(row.Id).where(*its))


def end(connection: Connection, number: int, now: datetime, greengitid: int | None) -> None:
    """Note that one is over, since its good run ended, where it is by one: it may be seen late."""
    period, run = redperiods.c, workflowruns.c
    of_run = and_(run.provider == period.provider, run.gitid == greengitid)
    query = select(run.endtime).join(redperiods, of_run).where(period.Id == number)
    told = connection.scalar(query.where(run.endtime.between(period.redtime, now)))
    over = update(redperiods).where(period.Id == number)
    connection.execute(over.values(greentime=told or now, greengitid=greengitid))


def has_older(connection: Connection, before: datetime) -> bool:
    """Tell whether some were over before a time."""
    old = select(redperiods.c.Id).where(redperiods.c.greentime < before).limit(1)
    return connection.scalar(old) is not None


def drop(connection: Connection, before: datetime) -> None:
    """Forget those that were over before a time, and their messages."""
    old = select(redperiods.c.Id).where(redperiods.c.greentime < before).limit(1000)
    numbers = connection.scalars(old).all()
    if numbers:
        connection.execute(delete(alerts).where(alerts.c.periodid.in_(numbers)))
        connection.execute(delete(redperiods).where(redperiods.c.Id.in_(numbers)))
