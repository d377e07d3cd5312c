"""What tells that an SQLite file is damaged, and names it.

Nothing here opens one of its files but SQLite: closing any other opening of them in this process
would give up SQLite's locks on them. https://www.sqlite.org/howtocorrupt.html (2.2)
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection
from sqlalchemy.engine import ExceptionContext

from engines.kind import Promise

CHECK_SECONDS = 10.0
"""For a look over all of a file; what is not reached then is looked at by a listener's upkeep."""
STEPS = 20_000  # of SQLite's machine between two looks at the clock
SHOWN = 3
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
RESTORE = "restore a backup (docs/operating.md, Back it up, and restore it)"


def read_last_number(connection: Connection, table: str) -> int:
    """Return the last number that a table of a file gave. Raises SQLAlchemyError."""
    is_made = connection.exec_driver_sql(
        "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'"
    ).scalar_one()
    query = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"
    return int(connection.exec_driver_sql(query, (table,)).scalar_one() if is_made else 0)


def check_file(connection: Connection) -> list[Promise]:
    """Look over all of a file, its indexes too, for as long as there is time."""
    database = connection.engine.url.database
    return [look_over(database)] if database and database != ":memory:" else []


def look_over(database: str) -> Promise:
    """Return what SQLite finds to be wrong with a file."""
    address = f"file:{quote(str(Path(database).absolute()))}?mode=ro"
    end = time.monotonic() + CHECK_SECONDS
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as reader:
        reader.text_factory = lambda raw: raw.decode("utf-8", "replace")  # it may be damaged
        reader.set_progress_handler(lambda: int(time.monotonic() > end), STEPS)
        try:
            rows = reader.execute(f"PRAGMA integrity_check({SHOWN})").fetchall()
            wrong = " ".join("; ".join(text for (text,) in rows).split())
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                state = f"nothing is wrong in what {CHECK_SECONDS:.0f} s were enough for"
                return Promise("file", state, "")
            wrong = str(error)
    if wrong == "ok":
        return Promise("file", "its pages and indexes are whole", "")
    return Promise("file", "", f"{database} is damaged: {wrong}: {RESTORE}")


def name_file(context: ExceptionContext) -> None:
    """Let an error that says that a file is damaged say which, and what helps."""
    error, engine = context.original_exception, context.engine
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code in DAMAGED and engine is not None and RESTORE not in str(error):
        error.args = (f"{error}: {engine.url.database}: {RESTORE}",)
