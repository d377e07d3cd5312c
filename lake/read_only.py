"""The connection of those who ask: DuckDB on the lake, which changes and reads nothing else.

DuckDB itself holds most of it: the lake is attached read-only, files but the lake's own are out of
reach, no extension is loaded, no setting changed. Two gaps are closed here, both tried with 1.5.5:
COPY TO may write where the lake's files may be read, and the scanners of SQLite and PostgreSQL
ask nobody before they open a file or a server (`ATTACH`, `sqlite_scan`).
"""

import importlib
import re
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from config.lake_place import SQLITE, LakeSettings, read_lake
from config.settings import BadSetting
from lake.catalog import NoLake, data_path, literal, open_lake
from lake.extensions import NotInstalled, is_of_duckdb
from lake.query import BadMoment, read_moment
from lake.why_failed import why_failed
from rows.one_line import one_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HOUSE = Path(__file__).resolve().parent.parent
READING = frozenset({"SELECT", "EXPLAIN", "CREATE", "DROP", "TRANSACTION", "MULTI"})
"""Kinds of statements that may run; what CREATE makes is in memory, the lake refuses it."""
EXPLAINED = re.compile(r"\s*EXPLAIN\s*(?:\([^)]*\)|ANALYZE\b)?", re.I)
REFUSED = re.compile(
    r"""\b(?:sqlite|postgres|pg)_(?:scan|attach|query|execute)\w*
    | \b(?:enable_logging|duckdb_secrets)\b
    | \bquery(?:_table)?\b "? (?:\s|/\*.*?\*/|--[^\n]*\n)* \(""",
    re.I | re.X | re.S,
)
"""Functions that reach other files and servers, or run a text that nobody has looked at."""


class CannotOpen(Exception):
    """Why there is no connection, in one sentence."""


class ReadOnly(PermissionError):
    """A statement that does more than read the lake."""


class LakeConnection:
    """A connection of DuckDB's (`execute`, `sql`, `df`, ...) that takes only what reads."""

    def __init__(self, connection: "DuckDBPyConnection") -> None:
        self.connection = connection

    def execute(self, query: str, parameters: Any = None) -> Self:
        """Run statements; `fetchall`, `df` and the like have the rows. Raises ReadOnly."""
        check_statements(self.connection, query)
        self.connection.execute(query, parameters)
        return self

    def sql(self, query: str, **options: Any) -> Any:
        """Return a relation. Raises ReadOnly."""
        check_statements(self.connection, query)
        return self.connection.sql(query, **options)

    query = sql

    def cursor(self) -> "LakeConnection":
        """Return another connection to the same lake, for another thread."""
        cursor = LakeConnection(self.connection.cursor())
        cursor.connection.execute("USE lake")
        return cursor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def check_statements(connection: "DuckDBPyConnection", text: str) -> None:
    """Raise ReadOnly where one of the statements does more than read the lake."""
    if word := REFUSED.search(text) and REFUSED.search(without_texts(text)):
        raise ReadOnly(f"the lake is read-only: {word[0].rstrip('( ')} reaches beyond it")
    for statement in connection.extract_statements(text):
        kind = statement.type.name
        if kind not in READING:
            raise ReadOnly(f"the lake is read-only: {kind.replace('_', ' ')} is not for it")
        if kind == "EXPLAIN":
            check_statements(connection, EXPLAINED.sub("", statement.query, count=1))


def without_texts(statements: str) -> str:
    """Return statements whose texts are empty: `name = 'pg_query (ci)'` runs nothing."""
    duckdb = importlib.import_module("duckdb")
    data = statements.encode()
    tokens = [*duckdb.tokenize(statements), (len(data), None)]
    kept = [data[: tokens[0][0]]]
    for (begin, kind), (end, _) in pairwise(tokens):
        kept.append(b"'' " if kind == duckdb.token_type.string_const else data[begin:end])
    return b"".join(kept).decode(errors="replace")


def open_reader(settings: LakeSettings, moment: datetime | None = None) -> LakeConnection:
    """Return a connection that reads the lake, as it was at `moment` where one is given.

    Raises NoLake, also for a moment before the first one that is kept; NotInstalled, duckdb.Error.
    """
    try:
        connection = open_lake(settings, moment=moment)
    except Exception as error:
        if moment is None or "No snapshot found" not in str(error):
            raise
        first = first_moment(settings)
        raise NoLake(
            f"the lake knows nothing of {moment}: what it keeps begins at {first}"
        ) from None
    connection.execute(f"SET allowed_directories = [{literal(data_path(settings))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return LakeConnection(connection)


def first_moment(settings: LakeSettings) -> str:
    """Return when the oldest snapshot that is kept was made."""
    with closing(open_lake(settings)) as connection:
        query = "SELECT min(snapshot_time) FROM ducklake_snapshots('lake')"
        row = connection.execute(query).fetchone()
    return str(row[0].astimezone(UTC).isoformat(" ", "seconds")) if row and row[0] else "no time"


def open_at(asof: str | datetime | None = None) -> LakeConnection:
    """Return a connection that reads the lake which the settings name, as it was at `asof`.

    Settings are the environment's and those of `.env` in the current folder, else in Runledger's.
    Raises CannotOpen, one sentence; for a time without a zone, too.
    """
    here = Path.cwd()
    folder = next((each for each in (here, HOUSE) if (each / ".env").is_file()), here)
    text = asof.isoformat(" ") if isinstance(asof, datetime) else asof
    try:
        settings = from_folder(read_lake(folder=folder), folder)
    except BadSetting as error:
        raise CannotOpen(str(error)) from None
    try:
        return open_reader(settings, None if text is None else read_moment(text))
    except (BadMoment, NoLake, NotInstalled) as error:
        raise CannotOpen(str(error)) from None
    except Exception as error:
        if not is_of_duckdb(error):
            raise
        raise CannotOpen(one_line(why_failed(error, settings))) from None


def from_folder(settings: LakeSettings, folder: Path) -> LakeSettings:
    """Return settings whose paths do not depend on the process's folder."""
    catalog, data = settings.catalog, settings.data
    return settings._replace(
        catalog=str(folder / catalog) if settings.kind == SQLITE else catalog,
        data=data if settings.objects else str(folder / data),
    )
