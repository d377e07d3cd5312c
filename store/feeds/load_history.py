"""Named SELECTs for what feeds were loaded, how that went, and what their sources have no more."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from schema.tables.packages import feedstates, load_history, packages
from store.feeds.past_loads import KILLED, dropped_failures, is_killed


class Load(NamedTuple):
    """A load of a feed; times in UTC without zone. What is not known yet is None."""

    feed: str
    state: str
    starttime: datetime
    endtime: datetime | None
    exitcode: int | None
    linecount: int | None
    changed: int | None
    gone: int | None
    error: str | None
    logtail: str | None

    @property
    def seconds(self) -> float | None:
        return None if self.endtime is None else (self.endtime - self.starttime).total_seconds()


class Feed(NamedTuple):
    """A feed: its newest load, its newest one that is done, how many failed, and the next time."""

    last: Load
    done: Load | None
    failures: int
    next: datetime | None

    @property
    def waits(self) -> bool:
        """Whether it is not loaded again before it is set up (sysexits.h)."""
        return self.last.exitcode == 78


class Registry(NamedTuple):
    """How many packages of a registry are there, and how many it has no more."""

    manager: str
    there: int
    gone: int


class GonePackage(NamedTuple):
    manager: str
    name: str
    gonetime: datetime


def list_loads(connection: Connection, limit: int) -> list[Load]:
    """Return the newest loads, the newest first."""
    c = load_history.c
    newest = select(*(c[name] for name in Load._fields)).order_by(c.Id.desc()).limit(limit)
    return [as_it_is(connection, Load(*row)) for row in connection.execute(newest).all()]


def as_it_is(connection: Connection, load: Load) -> Load:
    """Return a load, as failed where its process was killed and nobody has written so yet."""
    if not is_killed(connection, load.feed, load.state):
        return load
    return load._replace(state="failed", error=KILLED)


def list_feeds(connection: Connection) -> list[Feed]:
    """Return every feed that was ever loaded, by name."""
    c = load_history.c
    failed = func.sum(case((c.state == "failed", 1), else_=0))
    done = func.max(case((c.state == "done", c.Id)))
    counted = select(c.feed, func.max(c.Id), done, failed).group_by(c.feed).order_by(c.feed)
    rows = connection.execute(counted).all()
    numbers = {number for _, last, done, _ in rows for number in (last, done) if number}
    query = select(c.Id, *(c[name] for name in Load._fields)).where(c.Id.in_(numbers))
    loads = {row[0]: Load(*row[1:]) for row in connection.execute(query)}
    state = feedstates.c
    dropped = dropped_failures(connection)
    times = connection.execute(select(state.feed, state.nexttime))
    next_times = {feed: time for feed, time in times}
    return [
        Feed(
            as_it_is(connection, loads[last]),
            loads.get(done),
            int(failures) + dropped.get(feed, 0),
            next_times.get(feed),
        )
        for feed, last, done, failures in rows
    ]


def list_registries(connection: Connection) -> list[Registry]:
    """Return how many packages there are, by registry."""
    there = func.sum(case((packages.c.gonetime.is_(None), 1), else_=0))
    query = select(packages.c.manager, there, func.count()).group_by(packages.c.manager)
    rows = connection.execute(query.order_by(packages.c.manager))
    return [Registry(manager, int(there), count - int(there)) for manager, there, count in rows]


def list_gone_packages(connection: Connection, limit: int) -> list[GonePackage]:
    """Return packages that their registries have no more, those that went last first."""
    c = packages.c
    query = select(c.manager, c.name, c.gonetime).where(c.gonetime.is_not(None))
    newest = query.order_by(c.gonetime.desc(), c.Id).limit(limit)
    return [GonePackage(*row) for row in connection.execute(newest)]
