"""Some rows of an SQLite file in a file of their own, where writing holds up nobody."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

CACHE_KIB = 4096
MADE = (
    "SELECT sql FROM stored.sqlite_master"
    " WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)


@contextmanager
def copied(
    engine: Engine, rows: Mapping[str, str], values: Mapping[str, Any]
) -> Iterator[Connection]:
    """Give a connection to a copy of a file that is gone after the block, or with the process.

    `rows`: for each table the condition of its rows that are copied, in which tables are those
    copied before it; other tables are empty. `values` are the conditions' own.
    """
    file = quote(str(Path(engine.url.database or "").absolute()))

    def opened() -> sqlite3.Connection:
        # A file without a name is SQLite's own, which it removes as soon as it has opened it.
        copy = sqlite3.connect("", uri=True, isolation_level=None)
        copy.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
        copy.execute(f"ATTACH 'file:{file}?mode=ro' AS stored")
        copy.execute("BEGIN")
        tables, indexes = (
            [ddl for (ddl,) in copy.execute(MADE, (kind,))] for kind in ("table", "index")
        )
        for ddl in tables:
            copy.execute(ddl)
        for name, condition in rows.items():
            copy.execute(
                f"INSERT INTO main.{name} SELECT * FROM stored.{name} WHERE {condition}",  # noqa: S608 - names and conditions of ours
                values,
            )
        for ddl in indexes:
            copy.execute(ddl)
        copy.execute("DELETE FROM main.sqlite_sequence")
        # No new row has the number of a stored one that may be copied later.
        copy.execute("INSERT INTO main.sqlite_sequence SELECT * FROM stored.sqlite_sequence")
        copy.execute("COMMIT")
        copy.execute("DETACH stored")
        return copy

    own = create_engine("sqlite://", creator=opened, poolclass=NullPool, hide_parameters=True)
    event.listen(own, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with own.connect() as connection:
        yield connection
