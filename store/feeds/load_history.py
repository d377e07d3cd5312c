"""Named SELECTs for what feeds were loaded, how that went, and what their sources have no more."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from engines import kind_of
from schema.tables.packages import feedstates, load_history, packages
from store.feeds.past_loads import KILLED, RUNNING, dropped_failures, is_killed


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


class LoadFilter(NamedTuple):
    """Which loads to list: words in feed, state or error; one feed or state, any where empty."""

    words: str = ""
    feed: str = ""
    state: str = ""
    order: str = "newest"


EVERY = LoadFilter()


class ListedLoads(NamedTuple):
    """Some loads, and how many the filter leaves of how many."""

    loads: list[Load]
    matching: int
    whole: int


ORDERS = ("newest", "took", "changed", "lines")
"""What loads are ordered by, the most first; of equal ones the newest."""


def list_loads(
    connection: Connection, limit: int, wanted: LoadFilter = EVERY, place: int = 0
) -> ListedLoads:
    """Return loads in the order that is wanted, those after `place`."""
    c = load_history.c
    running = select(c.Id, c.feed, c.state).where(c.state == RUNNING)
    killed = [
        number
        for number, feed, state in connection.execute(running).all()
        if is_killed(connection, feed, state)
    ]
    fits = conditions_of(wanted, killed)
    chosen = select(*(c[name] for name in Load._fields)).where(*fits)
    if wanted.order != "newest":
        between = kind_of(connection.engine.url).seconds_between("starttime", "endtime")
        by: dict[str, Any] = {
            "took": literal_column(between), "changed": c.changed, "lines": c.linecount
        }  # fmt: skip
        chosen = chosen.order_by(func.coalesce(by[wanted.order], -1).desc())
    query = chosen.order_by(c.Id.desc()).limit(limit).offset(place)
    loads = [as_it_is(connection, Load(*row)) for row in connection.execute(query).all()]
    matching, whole = (
        connection.scalar(select(func.count()).select_from(load_history).where(*where)) or 0
        for where in (fits, ())
    )
    return ListedLoads(loads, matching, whole)


def conditions_of(wanted: LoadFilter, killed: list[int]) -> list[ColumnElement[bool]]:
    """Return the conditions of a list of loads; those `killed` are failed, whatever is stored."""
    c = load_history.c
    state = case((c.Id.in_(killed), literal("failed")), else_=c.state)
    error = case((c.Id.in_(killed), literal(KILLED)), else_=c.error)
    fits: list[ColumnElement[bool]] = []
    if wanted.words:
        words = wanted.words.lower()
        texts = (
            func.lower(text).contains(words, autoescape=True) for text in (c.feed, state, error)
        )
        fits.append(or_(*texts))
    if wanted.feed:
        fits.append(func.lower(c.feed) == wanted.feed.lower())
    if wanted.state:
        fits.append(state == wanted.state)
    return fits


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
