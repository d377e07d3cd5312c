"""How far a backfill has come: windows, runs, pages and walks."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from engines.asking.questions import Question, ask
from engines.bulk.id_list import among_ids
from engines.chunks import chunks
from schema.tables.backfill import commitwalks, etags, runreads, windows
from store.write.upsert import put_rows

OPEN, LISTED, CLOSED = "open", "listed", "closed"
DUE, SEEDED, DONE = "due", "seeded", "done"
LONGEST_PATH = 512

Note = Callable[[Connection], None]
"""What is written of a backfill's progress, in the transaction of the rows that it is about."""


class Window(NamedTuple):
    """A span of creation time, both seconds included, and how far its runs are listed."""

    first: datetime
    last: datetime
    state: str = OPEN
    total: int | None = None
    listed: int = 0
    nextpage: str | None = None


class RunRead(NamedTuple):
    """A run as it was listed; attempts up to `whole` are stored for good."""

    rungitid: int
    createtime: datetime | None
    attempt: int
    updatetime: datetime | None
    ended: bool
    whole: int
    state: str


class Walk(NamedTuple):
    """The history of a head, down to commits of the time `since`."""

    head: str
    state: str = OPEN
    since: datetime | None = None
    total: int = 0
    nextpage: str | None = None


class Page(NamedTuple):
    """A stored page: the ETag it had, and the page after it."""

    etag: str
    nextpage: str | None


def windows_of(connection: Connection, repoid: int) -> list[Window]:
    """Return a repository's windows, newest first."""
    c = windows.c
    query = select(c.firsttime, c.lasttime, c.state, c.total, c.listed, c.nextpage)
    rows = connection.execute(query.where(c.repoid == repoid).order_by(c.lasttime.desc()))
    return [Window(*row) for row in rows]


def put_windows(connection: Connection, repoid: int, *new: Window) -> None:
    """Store windows."""
    names = ("firsttime", "lasttime", *Window._fields[2:])
    put_rows(
        connection,
        windows,
        [{"repoid": repoid, **dict(zip(names, one, strict=True))} for one in new],
    )


def replace_windows(
    connection: Connection, repoid: int, old: Iterable[Window], new: Sequence[Window]
) -> None:
    """Put windows in the place of others that cover the same span."""
    for window in old:
        this = and_(windows.c.firsttime == window.first, windows.c.lasttime == window.last)
        connection.execute(delete(windows).where(windows.c.repoid == repoid, this))
    put_windows(connection, repoid, *new)


def close_windows(connection: Connection, repoid: int) -> None:
    """Close the windows that are listed to their end and whose runs are all read."""
    missing = exists().where(
        runreads.c.repoid == repoid,
        runreads.c.state.in_((DUE, SEEDED)),
        runreads.c.createtime >= windows.c.firsttime,
        runreads.c.createtime <= windows.c.lasttime,
    )
    chosen = (windows.c.repoid == repoid, windows.c.state == LISTED, ~missing)
    connection.execute(update(windows).where(*chosen).values(state=CLOSED))


def runs_read(
    connection: Connection, repoid: int, ids: Sequence[int], *, lock: bool = False
) -> dict[int, RunRead]:
    """Return what is noted of these runs, by id; `lock` lets nobody change it meanwhile."""
    query = LOCK_RUNS if lock else RUNS
    (rows,) = ask(connection, Question(query, {"of": repoid, "runs": ids}))
    return {row.rungitid: RunRead(*row) for row in rows}


RUNS = select(*(runreads.c[name] for name in RunRead._fields)).where(
    runreads.c.repoid == bindparam("of"), among_ids(runreads.c.rungitid, "runs")
)
LOCK_RUNS = RUNS.with_for_update()


def runs_in(connection: Connection, repoid: int, state: str) -> list[RunRead]:
    """Return the runs in a state, newest first."""
    query = select(*(runreads.c[name] for name in RunRead._fields))
    chosen = query.where(runreads.c.repoid == repoid, runreads.c.state == state)
    return [
        RunRead(*row) for row in connection.execute(chosen.order_by(runreads.c.rungitid.desc()))
    ]


def put_runs(connection: Connection, repoid: int, runs: Iterable[RunRead]) -> None:
    """Note runs as they were listed."""
    put_rows(connection, runreads, [{"repoid": repoid, **one._asdict()} for one in runs])


@dataclass(frozen=True, slots=True)
class Settled:
    """The note of what became of a run, unless it was listed anew meanwhile."""

    repoid: int
    run: RunRead

    def __call__(self, connection: Connection) -> None:
        """Write it."""
        settle(connection, self.repoid, [self.run])


def joined(notes: Iterable[Note]) -> Iterator[Note]:
    """Yield notes in their order, but one for all runs of a repository settled in a row."""
    for repoid, together in groupby(notes, lambda note: getattr(note, "repoid", None)):
        if repoid is None:
            yield from together
        else:
            runs = [one.run for one in together if isinstance(one, Settled)]
            yield partial(settle, repoid=repoid, runs=runs)


def settle(connection: Connection, repoid: int, runs: Sequence[RunRead]) -> None:
    """Note what became of runs, but not of those that were listed anew meanwhile."""
    before = runs_read(connection, repoid, [run.rungitid for run in runs], lock=True)
    alike: dict[tuple[str, int], list[int]] = defaultdict(list)
    for run in runs:
        listed = before.get(run.rungitid)
        if listed and (listed.attempt, listed.updatetime) == (run.attempt, run.updatetime):
            alike[run.state, run.whole - run.attempt].append(run.rungitid)
    for (state, beyond), ids in alike.items():
        values = {"of": repoid, "runs": ids, "become": state, "beyond": beyond}
        connection.execute(SETTLE, values)


SETTLE = (
    update(runreads)
    .where(
        runreads.c.repoid == bindparam("of"),
        among_ids(runreads.c.rungitid, "runs"),
    )
    .values(
        state=bindparam("become"), whole=runreads.c.attempt + bindparam("beyond", type_=Integer())
    )
)


def oldest_run(connection: Connection, repoid: int) -> datetime | None:
    """Return when the oldest run that was listed was created."""
    query = select(func.min(runreads.c.createtime)).where(runreads.c.repoid == repoid)
    oldest: datetime | None = connection.execute(query).scalar_one()
    return oldest


def count_done(connection: Connection, repoid: int) -> int:
    """Return how many runs are read to their end."""
    chosen = (runreads.c.repoid == repoid, runreads.c.state == DONE)
    return int(connection.execute(select(func.count()).where(*chosen)).scalar_one())


def page_of(connection: Connection, repoid: int, path: str) -> Page | None:
    """Return what is known of a page that is stored."""
    query = select(etags.c.etag, etags.c.nextpage)
    row = connection.execute(query.where(etags.c.repoid == repoid, etags.c.path == path)).first()
    return None if row is None else Page(*row)


def put_page(connection: Connection, repoid: int, path: str, page: Page) -> None:
    """Note that a page is stored."""
    if len(path) <= LONGEST_PATH:
        put_rows(connection, etags, [{"repoid": repoid, "path": path, **page._asdict()}])


def drop_pages(connection: Connection, repoid: int, path: str) -> None:
    """Forget the pages of a path and of those below it."""
    chosen = or_(*(etags.c.path.startswith(path + mark, autoescape=True) for mark in "?/"))
    connection.execute(delete(etags).where(etags.c.repoid == repoid, chosen))


def keep_pages(connection: Connection, repoid: int, path: str, paths: tuple[str, ...]) -> None:
    """Forget the pages whose path begins with `path`, but not with one of `paths`."""
    its = (etags.c.repoid == repoid, etags.c.path.startswith(path, autoescape=True))
    rows = connection.execute(select(etags.c.Id, etags.c.path).where(*its)).all()
    for part in chunks([row.Id for row in rows if not row.path.startswith(paths)]):
        connection.execute(delete(etags).where(etags.c.Id.in_(part)))


def walks_of(connection: Connection, repoid: int) -> list[Walk]:
    """Return the heads whose history was or is being read, the latest last."""
    query = select(*(commitwalks.c[name] for name in Walk._fields))
    chosen = query.where(commitwalks.c.repoid == repoid).order_by(commitwalks.c.Id)
    return [Walk(*row) for row in connection.execute(chosen)]


def put_walk(connection: Connection, repoid: int, walk: Walk) -> None:
    """Note how far a head's history is read; a closed one takes the place of all others."""
    if walk.state == CLOSED:
        others = (commitwalks.c.repoid == repoid, commitwalks.c.head != walk.head)
        connection.execute(delete(commitwalks).where(*others))
    put_rows(connection, commitwalks, [{"repoid": repoid, **walk._asdict()}])
