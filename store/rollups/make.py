"""Make roll-ups of days and nights, apart from the transactions that bring the rows.

Several processes may do so at once. A span is read at one revision and written only while that is
still its revision: whoever read earlier and writes later writes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from engines import database_time, reading
from engines.transaction import transact
from schema.tables.ci import keys
from schema.tables.rollups import (
    rollflakedays,
    rollflakes,
    rollnights,
    rollparts,
    rollspans,
    rollups,
)
from store.rollups import count_figures, day_parts, days, flake_days, nightly_runs
from store.rollups.spans import (
    DAY,
    NIGHT,
    RollupPlan,
    RollupSpan,
    list_due_spans,
    list_stored_spans,
    rules_of_kind,
    spans_at,
    spans_of,
)
from store.write import changed_runs
from store.write.upsert import put_rows

MARKS = 1000
TABLES = {DAY: (rollups, rollparts, rollflakedays), NIGHT: (rollnights,)}
"""What has the rows of a kind of span."""

Values = dict[str, Any]
Rows = dict[Any, Values]


def make_span(engine: Engine, plan: RollupPlan, span: RollupSpan) -> bool:
    """Make one roll-up and write what differs; False when another process was quicker."""
    rules = rules_of_kind(span.kind, plan)
    with reading(engine).connect() as connection:
        # First: the rows that are read below are not older than the revision.
        revision = read_revision(connection, span)
        old = {table: read_rows(connection, table, span.begin) for table in TABLES[span.kind]}
        new = count_span(connection, plan, span)

    def work(connection: Connection) -> bool:
        if not claim_span(connection, span, rules, revision):
            return False
        for table, rows in new.items():
            write_rows(connection, table, span.begin, old[table], rows)
        return True

    try:
        return transact(engine, work)
    except IntegrityError:  # another process made it for the first time
        return False


def count_span(connection: Connection, plan: RollupPlan, span: RollupSpan) -> dict[Table, Rows]:
    """Return the rows of a span by table and key, without `begintime`."""
    if span.kind != DAY:
        return {
            rollnights: dict(nightly_runs.summarize_night(connection, plan, span.begin, span.end))
        }
    borders = span.begin, span.end
    told = count_figures.count_figures(connection, *borders)
    counted = dict(days.count_day(connection, *borders, told))
    detail = flake_days.count_flakes(connection, *borders) if counted else None
    return {
        rollups: counted,
        rollparts: dict(day_parts.count_parts(connection, *borders, told)),
        rollflakedays: {(): {"detail": detail}} if detail else {},
    }


def read_revision(connection: Connection, span: RollupSpan) -> int | None:
    """Return how often a span was made, None if it never was."""
    stored = rollspans.c
    query = select(stored.revision).where(stored.kind == span.kind, stored.begintime == span.begin)
    return connection.execute(query).scalar_one_or_none()


def claim_span(connection: Connection, span: RollupSpan, rules: str, revision: int | None) -> bool:
    """Raise a span's revision; False when it is no longer the one that was read."""
    own = {"endtime": span.end, "rules": rules, "rolltime": database_time(connection)}
    if revision is None:
        values = {"kind": span.kind, "begintime": span.begin, "revision": 1, **own}
        connection.execute(insert(rollspans).values(**values))
        return True
    stored = rollspans.c
    mine = (stored.kind == span.kind, stored.begintime == span.begin, stored.revision == revision)
    changed = update(rollspans).where(*mine).values(revision=revision + 1, **own)
    return connection.execute(changed).rowcount == 1


def read_rows(connection: Connection, table: Table, begin: datetime) -> Rows:
    """Return the rows of a span by key, without `begintime`."""
    key = [name for name in keys(table) if name != "begintime"]
    own = [one.name for one in table.columns if one.name not in ("Id", "begintime", *key)]
    query = select(*(table.c[name] for name in (*key, *own))).where(table.c.begintime == begin)
    size = len(key)
    return {
        tuple(row[:size]): dict(zip(own, row[size:], strict=True))
        for row in connection.execute(query)
    }


def write_rows(
    connection: Connection, table: Table, begin: datetime, old: Rows, new: Mapping[Any, Values]
) -> None:
    """Write the rows that differ, and delete those that are no more."""
    key = [name for name in keys(table) if name != "begintime"]
    changed = [
        {"begintime": begin, **dict(zip(key, name, strict=True)), **values}
        for name, values in new.items()
        if old.get(name) != values
    ]
    put_rows(connection, table, changed)
    for name in old.keys() - new.keys():
        same = [table.c[part] == value for part, value in zip(key, name, strict=True)]
        connection.execute(delete(table).where(table.c.begintime == begin, *same))


def remake_changed(
    engine: Engine, plan: RollupPlan, rest: Callable[[], None] = lambda: None
) -> int:
    """Make the roll-ups of marked runs anew, and take the marks back; return how many were read.

    `rest` is called between two spans.
    """
    with reading(engine).connect() as connection:
        marks = changed_runs.read_changes(connection, MARKS)
        # Of its own transaction below: the marks are read before any row that they speak of.
        spans = spans_of(connection, plan, marks)
    done = True
    for span in sorted(spans, key=lambda span: span.begin, reverse=True):
        done = make_span(engine, plan, span) and done
        rest()
    if done and marks:
        transact(engine, lambda connection: changed_runs.acknowledge(connection, marks))
    return len(marks)


def make_due(
    engine: Engine,
    plan: RollupPlan,
    limit: int,
    rest: Callable[[], None] = lambda: None,
    now: datetime | None = None,
) -> int:
    """Make spans that nothing marks (`due`); return how many."""
    drop_outdated(engine, plan, limit)
    spans = list_due_spans(engine, plan, limit, now)
    for span in spans:
        make_span(engine, plan, span)
        rest()
    return len(spans)


def drop_outdated(engine: Engine, plan: RollupPlan, limit: int) -> None:
    """Delete roll-ups of days and nights that another calendar had."""
    with reading(engine).connect() as connection:
        made = list_stored_spans(connection)
    wrong = [
        (kind, begin)
        for (kind, begin), stored in made.items()
        if RollupSpan(kind, begin, stored.end) not in spans_at(plan, begin)
    ]

    def work(connection: Connection) -> None:
        stored = rollspans.c
        for kind, begin in wrong[:limit]:
            connection.execute(
                delete(rollspans).where(stored.kind == kind, stored.begintime == begin)
            )
            for table in TABLES[kind]:
                connection.execute(delete(table).where(table.c.begintime == begin))

    if wrong:
        transact(engine, work)


def drop_all(engine: Engine) -> None:
    """Delete all roll-ups: they are made again.

    The spans go first, so that no page takes what is left for all, and once more at the end: one
    that was made meanwhile may have lost its rows.
    """
    for table in (rollspans, rollups, rollparts, rollflakedays, rollnights, rollflakes, rollspans):
        transact(engine, partial(Connection.execute, statement=delete(table)))
