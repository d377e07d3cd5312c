"""Rows of an earlier installation that nobody has claimed yet, and deliveries that do."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from schema.adopt import rows as adopt_rows
from schema.tables.ci import metadata
from tests.schema.adopt import legacy
from tests.store.production_doors import deliver, sent
from tests.stories.story import RUN_ID, run_sent, the_run


def stored(engine: Engine, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of a table's rows, in the order of their numbers."""
    table = metadata.tables[name]
    query = sa.select(*(table.c[column] for column in columns)).order_by(table.c.Id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def adopted(engine: Engine, rows: legacy.Rows) -> None:
    """Store these rows as an adoption leaves them (tests/schema/adopt/test_tables.py)."""
    for name, found in rows.items():
        more = {"version": b""}
        legacy.insert(engine, {name: [{**values, **more} for values in found]})
    with engine.connect() as connection:
        adopt_rows.complete(connection)


def run_of(repo: str | None, gitid: int = RUN_ID) -> dict[str, Any]:
    """Return a run as it was kept."""
    return {"gitid": gitid, "repo": repo, "status": "queued", "queuetime": 0, "author": "octo"}


def send(engine: Engine, *those: tuple[str, dict[str, Any]]) -> None:
    """Store deliveries."""
    deliver(
        engine,
        [sent(event, body, f"guid {place} {event}") for place, (event, body) in enumerate(those)],
    )


COMPLETED = run_sent("completed", the_run("12:05:00", status="completed", conclusion="success"))
