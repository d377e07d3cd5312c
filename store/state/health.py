"""What is wrong and what is well again: one row for each thing that is watched.

A row's `changetime` moves only when its state does, so a page can say since when.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, delete, select

from engines import database_time
from engines.transaction import transact
from schema.tables.audits import health
from store.write.upsert import put_rows

GOOD, WARNING, BAD = "good", "warning", "bad"


class HealthState(NamedTuple):
    """One thing as it is now: `subject` a repository's full name, empty for the installation."""

    subject: str
    name: str
    state: str
    detail: str = ""


class StoredHealth(NamedTuple):
    """A state as it is kept; times in UTC without zone, on the database's clock."""

    subject: str
    name: str
    state: str
    detail: str | None
    changetime: datetime
    checktime: datetime


def put(
    engine: Engine,
    states: Sequence[HealthState],
    looked_at: Collection[str] = (),
    is_own: Callable[[str], bool] = lambda subject: True,
) -> list[HealthState]:
    """Keep states, the last of each thing; return those whose state is another than before.

    A thing that is seen for the first time and is good has not changed. What was `looked_at` and
    is not among the states any more, as a repository that was renamed, is dropped, if its subject
    is of those that were looked at (`is_own`).
    """
    newest = {(one.subject, one.name): one for one in states}

    def work(connection: Connection) -> list[HealthState]:
        time = database_time(connection)
        before = {(row.subject, row.name): row for row in rows(connection)}
        changed, values = list[HealthState](), list[dict[str, Any]]()
        for key, state in sorted(newest.items()):
            old = before.get(key)
            since = old.changetime if old and old.state == state.state else time
            values.append({**state._asdict(), "changetime": since, "checktime": time})
            if state.state != (old.state if old else GOOD):
                changed.append(state)
        for subject, name in before.keys() - newest.keys():
            if name in looked_at and is_own(subject):
                this = (health.c.subject == subject, health.c.name == name)
                connection.execute(delete(health).where(*this))
        put_rows(connection, health, values)
        return changed

    return transact(engine, work)


def rows(connection: Connection) -> list[StoredHealth]:
    """Return all that is watched, warnings and worse first."""
    stored = connection.execute(select(*(health.c[name] for name in StoredHealth._fields)))
    order = {BAD: 0, WARNING: 1}
    kept = (StoredHealth(*row) for row in stored)
    return sorted(kept, key=lambda row: (order.get(row.state, 2), row.subject, row.name))
