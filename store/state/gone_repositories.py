"""Repositories that are gone at their vendor: since when and why, and what becomes of open runs.

Nothing is removed. What was seen last counts, by our clock. Runs and jobs that were open end as
`abandoned` and keep their version, so that any later record of them still wins; when the
repository is back they are open again below every real version, and due to be read.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, or_, select, update

from engines import database_time
from engines.chunks import by_scope
from rows import Mapped, Row
from rows.version import AHEAD
from rows.words import ABANDONED, COMPLETED, IN_PROGRESS, RunKey
from schema.tables.backfill import etags, runreads
from schema.tables.ci import jobs, repoaliases, repos, runattempts
from schema.tables.reconciler import rereads
from store.state.backfill_progress import DONE, OPEN
from store.state.open_runs import WAITING
from store.write import changed_runs, derived_columns
from store.write.repositories import Key, StoredRepository, key_of
from store.write.upsert import put_rows

DELETED, BLOCKED, REPLACED = "deleted", "blocked", "another repository has its name"
NOT_FOUND = "not found: deleted, or hidden from the key"
QUIET = timedelta(hours=6)
"""How long nothing is heard of an open run until a 404, of it or of its repository, ends it."""
LONG_AGO = datetime(1970, 1, 1)
APART = timedelta(minutes=10)
"""How far the vendor's clock and ours may be apart."""
BEGIN = ("workflowruns", "runattempts", "jobs")
REOPENED = b"\0"
"""A version above a stub's and below every other."""


class KnownRepository(NamedTuple):
    """A stored repository: what it is called, and since when and why it is gone, if it is."""

    repoid: int
    provider: str
    gitid: int
    name: str
    private: bool | None
    gonetime: datetime | None
    gonereason: str | None


def list_known(connection: Connection) -> list[KnownRepository]:
    """Return the stored repositories that are known by id and full name, the oldest first."""
    row = repos.c
    query = select(row.Id, *(row[name] for name in KnownRepository._fields[1:]))
    query = query.where(row.gitid.is_not(None), row.name.contains("/")).order_by(row.Id)
    return [KnownRepository(*known) for known in connection.execute(query)]


def list_gone(connection: Connection) -> list[KnownRepository]:
    """Return the stored repositories that are gone."""
    return [known for known in list_known(connection) if known.gonereason]


def mark_gone(
    connection: Connection, repoid: int, reason: str, time: datetime, name: str | None = None
) -> bool:
    """Note that a repository is gone since `time` (UTC without zone); tell whether that is new.

    One that was seen later than that is not; of both at once it is. A reason that is certain takes
    the place of a 404. With a `name` only what has it, which another process may just change.
    """
    row = repos.c
    is_later = or_(row.gonetime.is_(None), row.gonetime <= time, is_void(connection))
    meant = update(repos).where(row.Id == repoid, *((row.name == name,) if name else ()))
    new = meant.where(row.gonereason.is_(None), is_later)
    if connection.execute(new.values(gonereason=reason, gonetime=time)).rowcount:
        return True
    known = meant.where(row.gonereason == NOT_FOUND)
    connection.execute(known.values(gonereason=reason))
    return False


def mark_back(connection: Connection, repoid: int, time: datetime) -> bool:
    """Note that a repository that was gone was seen at `time`; tell whether it was gone."""
    row = repos.c
    is_later = or_(row.gonetime < time, is_void(connection))
    gone = update(repos).where(row.Id == repoid, row.gonereason.is_not(None), is_later)
    if not connection.execute(gone.values(gonereason=None, gonetime=time)).rowcount:
        return False
    reopen_runs(connection, repoid)
    return True


def is_void(connection: Connection) -> ColumnElement[bool]:
    """Return the condition that `gonetime` is of a clock that was wrong: it has not come yet."""
    return repos.c.gonetime > database_time(connection) + AHEAD


def settle_gone(
    connection: Connection,
    batch: Iterable[Mapped],
    stored: Mapping[Key, StoredRepository],
    told: bool,
) -> None:
    """After a batch is written, note which gone repositories are back, and end the others' runs.

    One that the vendor changed, or that began a run, after it was gone is back. Where deliveries
    `told` of a repository, all that is known of who had its name before is that it is gone; the
    API is asked. One that turns out to have left that name, late as its rename may come, is not.
    """
    stored = {key: mark_renamed(connection, one) for key, one in stored.items()}
    if told:
        mark_replaced(connection, stored)
    gone = set[int]()
    for mapped in batch:
        repository = stored[key_of(mapped)]
        if repository.gonereason:
            times = (*map(seen_of, mapped.rows), began_after(connection, mapped.rows))
            seen = max((time for time in times if time), default=None)
            if not (seen and mark_back(connection, repository.repoid, seen)):
                gone.add(repository.repoid)
            elif told:  # the other, which has its name, may have been seen under it later
                mark_all_but_holder(connection, mapped.provider, repository.name)
    if gone:
        row = repos.c
        certain = select(row.Id).where(row.Id.in_(gone), row.gonereason != NOT_FOUND)
        for repoid in connection.scalars(certain).all():
            abandon_runs(connection, repoid, None)


def mark_renamed(connection: Connection, stored: StoredRepository) -> StoredRepository:
    """Take back that another has a repository's name, where it has a newer name."""
    if not stored.is_named_anew or stored.gonereason != REPLACED:
        return stored
    of_it = (repos.c.Id == stored.repoid, repos.c.gonereason == REPLACED)
    connection.execute(update(repos).where(*of_it).values(gonereason=None, gonetime=None))
    reopen_runs(connection, stored.repoid)
    return stored._replace(gonereason=None, gonetime=None)


def mark_replaced(connection: Connection, stored: Mapping[Key, StoredRepository]) -> None:
    """Mark the repositories whose names others of their server have, which were named just now."""
    for (provider, _), repository in stored.items():
        if repository.is_named_anew:
            mark_all_but_holder(connection, provider, repository.name)


def mark_all_but_holder(connection: Connection, provider: str, name: str) -> None:
    """Mark the repositories of a server that had a name before the one that has it today.

    That is the one which was seen under it last; of two at once, the one with the greater id.
    """
    repo, alias = repos.c, repoaliases.c
    seen = and_(alias.repoid == repo.Id, func.lower(alias.name) == func.lower(repo.name))
    query = select(repo.Id, repo.gitid, alias.firstseen, alias.lastseen, repo.gonereason)
    alike = query.join(repoaliases, seen).where(repo.provider == provider, repo.name == name)
    known = [one for one in connection.execute(alike) if one.firstseen and one.lastseen]
    holder = max(known, key=lambda row: (row.lastseen, row.gitid), default=None)
    for repository in known:
        if holder is None or repository.Id == holder.Id or repository.gonereason:
            continue
        time = max(holder.firstseen, repository.lastseen)
        if mark_gone(connection, repository.Id, REPLACED, time, name):
            abandon_runs(connection, repository.Id, None)


def seen_of(row: Row) -> datetime | None:
    """Return when the vendor changed a repository for the last time, as a row of its name says."""
    time = row.values["lastseen"] if row.table == "repoaliases" else None
    return time if isinstance(time, datetime) else None


def began_after(connection: Connection, rows: Sequence[Row]) -> datetime | None:
    """Return the time after which a run or a job of these rows surely began, by our clock, too."""
    times = [row.values.get("createtime") for row in rows if row.table in BEGIN]
    latest = max((time for time in times if isinstance(time, datetime)), default=None)
    if latest is None or latest > database_time(connection) + AHEAD:
        return None
    return latest - APART


def abandon_runs(
    connection: Connection,
    repoid: int,
    before: datetime | None,
    only: Collection[int] | None = None,
) -> int:
    """End the open runs and jobs of a repository of which nothing was heard since `before`.

    None means all of them; `only` those of these ids, which are gone though the repository is not.
    Times of the vendor's clock, in UTC without zone. Returns how many runs.
    """
    last: dict[RunKey, datetime | None] = {}
    a, j = runattempts.c, jobs.c
    of_attempts = select(a.provider, a.rungitid, func.coalesce(a.updatetime, a.createtime))
    of_jobs = select(j.provider, j.rungitid, func.coalesce(j.starttime, j.createtime))
    for query, row in ((of_attempts, a), (of_jobs, j)):
        opened = query.where(row.repoid == repoid, row.status != COMPLETED)
        if only is not None:
            opened = opened.where(row.rungitid.in_(only))
        for provider, gitid, time in connection.execute(opened):
            known = last.get((provider, gitid))
            last[provider, gitid] = max(known, time) if known and time else known or time
    quiet = [key for key, time in last.items() if not (before and time and time > before)]
    ended = {"status": COMPLETED, "conclusion": ABANDONED}
    change_runs(connection, repoid, quiet, lambda table: table.c.status != COMPLETED, ended)
    return len(quiet)


def reopen_runs(connection: Connection, repoid: int) -> None:
    """Open again what was abandoned, and let all that had not ended be read next."""
    keys = set[RunKey]()
    for table in (runattempts, jobs):
        chosen = (table.c.repoid == repoid, table.c.conclusion == ABANDONED)
        query = select(table.c.provider, table.c.rungitid).where(*chosen)
        keys |= {(provider, gitid) for provider, gitid in connection.execute(query)}

    opened = {"conclusion": None, "version": REOPENED}
    change_runs(connection, repoid, sorted(keys), lambda t: t.c.conclusion == ABANDONED, opened)
    unread = (runreads.c.repoid == repoid, runreads.c.state == DONE, runreads.c.ended.is_(False))
    query = select(runreads.c.rungitid).where(*unread)
    runs = {gitid for _, gitid in keys} | set(connection.scalars(query))
    connection.execute(update(runreads).where(*unread).values(state=OPEN))
    due = {"repoid": repoid, "tries": 0, "duetime": LONG_AGO, "state": WAITING}
    put_rows(connection, rereads, [{**due, "rungitid": gitid} for gitid in sorted(runs)])
    connection.execute(etags.delete().where(etags.c.repoid == repoid))


def change_runs(
    connection: Connection, repoid: int, keys: Sequence[RunKey], is_meant: Any, values: Any
) -> None:
    """Change the meant attempts and jobs of runs, and derive the runs anew."""
    touched = [{"provider": of, "gitid": gitid, "repoid": repoid} for of, gitid in keys]
    locked = derived_columns.lock_runs(connection, touched)
    for provider, gitids in by_scope(sorted(keys)):
        for table in (runattempts, jobs):
            of_runs = (table.c.provider == provider, table.c.rungitid.in_(gitids))
            changed = {"status": guess_status(table), **values}
            connection.execute(update(table).where(*of_runs, is_meant(table)).values(**changed))
    derived_columns.update_runs(connection, touched, [], lambda: locked)
    changed_runs.note_changes(connection, keys)


def guess_status(table: Table) -> Any:
    """Return the status of what is open, as far as its start tells."""
    return case((table.c.starttime.is_not(None), IN_PROGRESS), else_="queued")
