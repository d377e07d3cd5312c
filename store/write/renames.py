"""Tell older rows their repository's new name, a few at a time.

A rename is known at once: `repos.name` and an alias. The rows that carry the name in `repo` and
`url` follow in small batches, each its own transaction, so that deliveries go on between them
and a process killed half-way loses nothing: `rewrites` remembers how far it came.

Two passes are made. A transaction that read the old name may write its rows after the first
pass went by; the second starts when the longest transaction must have ended.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    LargeBinary,
    String,
    Table,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from engines import database_time
from engines.chunks import chunks
from engines.transaction import transact
from schema.tables.ci import PLACED, jobs, metadata, repos, workflowruns, workflows
from schema.tables.deliveries import rewrites
from store.write import changed_runs, lake_marks
from store.write.upsert import put_rows

BATCH = 1000
PASSES = 2
PAUSE = timedelta(seconds=15)  # longer than any transaction of a listener may take


def schedule(connection: Connection, repoid: int) -> None:
    """Note that all rows of a repository have to learn its name."""
    values = {"position": 0, "passes": PASSES, "duetime": database_time(connection)}
    rows = [{"repoid": repoid, "tablename": name, **values} for name in PLACED]
    put_rows(connection, rewrites, rows)


def rewrite(engine: Engine) -> int:
    """Rewrite one batch that is due; return how many rows it looked at, 0 when none is due."""
    return transact(engine, rewrite_batch)


def rewrite_batch(connection: Connection) -> int:
    """Rewrite the next rows of one table, or end its pass; return how many were looked at."""
    now, c = database_time(connection), rewrites.c
    # A time that is further ahead was set by a clock that was wrong.
    due = select(rewrites).where(or_(c.duetime <= now, c.duetime > now + PAUSE))
    task = connection.execute(
        due.order_by(rewrites.c.Id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if task is None:
        return 0
    table = metadata.tables[task.tablename]
    ids = connection.scalars(
        select(table.c.Id).where(table.c.Id > task.position).order_by(table.c.Id).limit(BATCH)
    ).all()
    this = rewrites.c.Id == task.Id
    if ids:
        place = connection.execute(select(repos).where(repos.c.Id == task.repoid)).one()
        if connection.execute(renaming(table, place, task.position, ids[-1])).rowcount:
            lake_marks.note_repositories(connection, [task.repoid])
        connection.execute(update(rewrites).where(this).values(position=ids[-1]))
        return len(ids)
    if task.passes <= 1:
        connection.execute(delete(rewrites).where(this))
    else:
        again = database_time(connection) + PAUSE
        next_pass = {"position": 0, "passes": task.passes - 1, "duetime": again}
        connection.execute(update(rewrites).where(this).values(next_pass))
    return 1


def renaming(table: Table, place: Any, after: int, upto: int) -> Any:
    """Return the UPDATE that gives a range of rows their repository's name and pages.

    A page follows when it lies below the repository the row names, so `url` is assigned before
    `repo`: MySQL's later assignments see earlier ones.
    """
    changes: list[tuple[Any, Any]] = [(table.c.repo, place.name)]
    if "url" in table.c and place.url:
        host = place.url.removesuffix(place.name)
        url, repo = type_coerce(table.c.url, String()), type_coerce(table.c.repo, String())
        past = literal(host).concat(repo).concat("/")
        rest = func.substr(url, func.length(past))
        moved = literal(place.url).concat(rest)
        is_below = func.substr(url, 1, func.length(past)) == past
        changes.insert(0, (table.c.url, case((is_below, moved), else_=table.c.url)))
    stale = cast(table.c.repo, LargeBinary) != place.name.encode()
    return (
        update(table)
        .where(table.c.Id > after, table.c.Id <= upto, table.c.repoid == place.Id, stale)
        .ordered_values(*changes)
    )


def name_runs(connection: Connection, repoid: int) -> None:
    """Give runs the name of their workflow that were stored before any list had it.

    Until then they are called by its path.
    """
    query = select(workflows.c.gitid, workflows.c.path, workflows.c.name)
    chosen = query.where(workflows.c.repoid == repoid, workflows.c.name != workflows.c.path)
    for gitid, path, name in connection.execute(chosen).all():
        mine = (workflowruns.c.repoid == repoid, workflowruns.c.workflowgitid == gitid)
        runs = update(workflowruns).where(*mine, workflowruns.c.workflowname == path)
        if connection.execute(runs.values(workflowname=name)).rowcount:
            lake_marks.note_repositories(connection, [repoid])


def list_called_otherwise(
    connection: Connection, provider: str, gitids: Collection[int], name: str
) -> list[int]:
    """Return those of some runs whose workflow has another name, or none."""
    c = workflowruns.c
    query = select(c.gitid, c.workflowname).where(c.provider == provider)
    return sorted(
        gitid
        for part in chunks(sorted(gitids))
        for gitid, known in connection.execute(query.where(c.gitid.in_(part)))
        if known != name
    )


def call_runs(connection: Connection, provider: str, gitids: Collection[int], name: str) -> None:
    """Give the workflow of runs, and of their jobs, another name, by which alone it is known.

    Their days are counted anew.
    """
    for part in chunks(sorted(gitids)):
        for table, key in ((workflowruns, "gitid"), (jobs, "rungitid")):
            mine = (table.c.provider == provider, table.c[key].in_(part))
            connection.execute(update(table).where(*mine).values(workflowname=name))
    changed_runs.note_changes(connection, ((provider, gitid) for gitid in gitids))
