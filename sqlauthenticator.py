"""The analysts' connection to Runledger's database, used like sqlite3's on every engine.

    from sqlauthenticator import connector
    conn = connector("PASSWORD")
    conn.execute("SELECT name, runtime FROM jobs WHERE repo = ?", ("org/repo",)).fetchall()

Copy this one file into any folder; it needs SQLAlchemy and PyMySQL, and psycopg[binary] where
the database is PostgreSQL. DATABASE_READ_URL or DATABASE_URL says where it is, in the environment
or in a `.env` file in the current folder or beside this file. The SQL dialect is the engine's own.
Reference: docs/connector.md.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import pickle
import re
import sqlite3
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cache, partial
from itertools import chain, dropwhile, islice, pairwise
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Self
from urllib.parse import unquote

try:
    import pymysql
    from pymysql.constants import CLIENT, COMMAND, FIELD_TYPE, SERVER_STATUS
    from pymysql.converters import conversions
    from pymysql.cursors import SSCursor
    from sqlalchemy import URL, Engine, create_engine, make_url
    from sqlalchemy.exc import ArgumentError
except ImportError as missing:
    needed = "pip install SQLAlchemy 'PyMySQL[rsa]', or the .venv of Runledger's own folder"
    raise ImportError(f"{missing}; sqlauthenticator needs: {needed}", name=missing.name) from None

__all__ = ["connector", "engine", "lake"]

LIMIT = 60.0  # seconds a statement may take
SNAPSHOT = 600.0  # seconds a snapshot may last
LONGEST = 86_400
WAIT = 10  # seconds for a server to accept or to take a packet, or for an SQLite lock
MARGIN = 5  # seconds beyond a statement's limit for a server to say that it was reached
LONGEST_VALUE = 100_000_000  # bytes of a text or BLOB of SQLite
BATCH = 5_000  # rows of a result kept in memory; more of them wait in a temporary file
STORE = "shark_dashboard_db"  # the database's name in scripts, whatever the server calls it

Row = tuple[Any, ...]
RowFactory = Callable[[Any, Row], Any]
Parameters = Sequence[Any] | Mapping[str, Any]


def connector(
    password: str | None = None,
    *,
    url: str | URL | None = None,
    write: bool = False,
    limit: float = LIMIT,
) -> Connection:
    """Open a connection that is used like one of sqlite3, and only reads unless `write` is True.

    `password` joins the URL and has no effect on SQLite; `url` is used in place of the settings.
    A statement is ended after `limit` seconds. Raises sqlite3.OperationalError, one sentence.
    """
    password = Secret(password) if password is not None else None
    place = find_place(password, url, write)
    check_limit(limit)
    kinds = {"sqlite": Connection, "postgresql": PostgresConnection}
    return kinds.get(place.backend, ServerConnection)(place, write, limit)


def engine(
    password: str | None = None, *, url: str | URL | None = None, limit: float = LIMIT
) -> Engine:
    """Return a read-only SQLAlchemy engine for the same database; nothing needs a commit."""
    password = Secret(password) if password is not None else None
    place = find_place(password, url, write=False)
    check_limit(limit)
    openers = {"sqlite": open_sqlite, "postgresql": open_postgresql}
    options = {"use_native_hstore": False} if place.backend == "postgresql" else {}
    return create_engine(
        place.url,
        creator=partial(openers.get(place.backend, open_mysql), place, False, limit),
        isolation_level="AUTOCOMMIT",
        pool_pre_ping=True,  # a server closes connections that were idle for long
        **options,
    )


def lake(asof: str | datetime | None = None) -> Any:
    """Return a read-only DuckDB connection on the lake, which has the same tables (docs/lake.md).

    With `asof` it has what was known then: a time with its zone, "2026-11-23 09:00+01:00". In
    Runledger's folder alone, with DuckDB installed. Raises sqlite3.OperationalError, one sentence.
    """
    try:
        read_only = importlib.import_module("lake.read_only")
    except ModuleNotFoundError as error:
        if error.name not in ("lake", "lake.read_only"):
            raise
        fail(
            "lake() works in Runledger's folder; python3 lake.py attach says what attaches the lake"
        )
    try:
        return read_only.open_at(asof)
    except read_only.CannotOpen as error:
        fail(str(error))


def check_limit(limit: float) -> None:
    if not isinstance(limit, Real) or not 0 < limit <= LONGEST:
        raise ValueError(f"limit is in seconds, more than 0 and at most {LONGEST}")


class Later:
    """A package that is imported when it is first asked for something."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.name), name)


psycopg: Any = Later("psycopg")  # which most do without


# --- Statements ------------------------------------------------------------------------------

MARKS = r"(?P<qmark>\?)(?!\d) | :(?P<colon>[^\W\d]\w*) | (?P<format>%s)\b | %\((?P<named>\w+)\)s\b"


def lexer(*passed_over: str) -> re.Pattern[str]:
    """Return a pattern that finds placeholders, and passes over what may only look like one."""
    return re.compile(" | ".join([*passed_over, MARKS]), re.DOTALL | re.VERBOSE)


# A quote that is doubled ends one string and begins the next, and needs no rule of its own.
SQLITE_LEXER = lexer(
    *(r"'[^']*'?", r'"[^"]*"?', r"`[^`]*`?", r"\[[^]]*]?"),
    *(r"--[^\n]*", r"/\*.*?(?:\*/|\Z)"),
)
MYSQL_LEXER = lexer(  # which runs what stands in /*! ... */
    *(r"'(?:[^'\\]|\\.)*'?", r'"(?:[^"\\]|\\.)*"?', r"`[^`]*`?"),
    *(r"--(?=[\x00-\x20\x7f]|\Z)[^\n]*", r"\#[^\n]*", r"/\*(?!M?!).*?(?:\*/|\Z)"),
)
# In PostgreSQL all letters beyond ASCII, blanks among them, belong to words.
LETTER = r"[^\x00-@\[-\^`{-\x7f]"
IN_WORD = r"[^\x00-#%-/:-@\[-\^`{-\x7f]"
WORD = rf"{LETTER}{IN_WORD}*"
# A text goes on after a line's end, and with it what a backslash means.
CONTINUED = r"'(?:[\ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:[\ \t\n\r\f\v]|--[^\n\r]*+[\n\r])*+'"
ESCAPED = rf"[eE]'(?:[^'\\]|\\.|''|{CONTINUED})*+'?"
DOLLARS = rf"\$(?P<tag>(?:{LETTER}(?:(?!\$){IN_WORD})*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
# After a value, and before a text or a placeholder, ? is an operator of JSON's.
OPERATOR = r"(?:\s*\?(?=\|(?!\|)|&(?!&)|\s*(?:[eE]?'|[$(?]|:(?!:)|%[s(])))?"
POSTGRESQL_LEXER = lexer(  # of a statement without comments, which nest
    rf"""(?:{ESCAPED}|'[^']*'?|"[^"]*"?|{DOLLARS}|{WORD}|[)\]]|\d[\d.]*){OPERATOR}""",
    *(r"::", r"@\?"),
)
SKIM = re.compile(
    rf"""{ESCAPED} | '[^']*'? | "[^"]*"? | {DOLLARS} | {WORD}
    | (?P<line>--[^\n\r]*) | (?P<block>/\*)""",
    re.DOTALL | re.VERBOSE,
)
TEXTS = re.compile(
    rf"""(?<!{IN_WORD}){ESCAPED} | '[^']*'? | "[^"]*"? | (?<!{IN_WORD}){DOLLARS}""",
    re.DOTALL | re.VERBOSE,
)
PARTS = re.compile(
    rf"""(?P<text> {ESCAPED} | '[^']*'? | {DOLLARS}) | (?P<coded> [uU]&")
    | "(?P<quoted>(?:[^"]|"")*+)"? | (?P<number> \d+(?:\.\d+)?) | (?P<word> {WORD})
    | (?P<sign> [(),;.=])""",
    re.DOTALL | re.VERBOSE,
)
USE = re.compile(rf"\s*USE\s+(?:([`\"\[]?)(?P<store>{STORE})[`\"\]]?|\S+?)\s*;?\s*\Z", re.I)
SHOWS = re.compile(  # a server's words for what is there, which SQLite lacks
    r"""\s* (?: SHOW \s+ (?P<full>FULL\s+)? TABLES
      | (?: DESC(?:RIBE)? | SHOW \s+ COLUMNS \s+ FROM ) \s+ [`"\[]? (?P<table>\w+) [`"\]]? )
    \s* ;? \s* \Z""",
    re.I | re.VERBOSE,
)
TABLES = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*'"
)
NAMES = {  # a list of what is there as (name, kind); FULL says which are Runledger's own business
    "sqlite": "SELECT name, iif(type = 'view', 'VIEW', 'BASE TABLE') AS kind FROM sqlite_master"
    " WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*'",
    "server": "SELECT TABLE_NAME AS name, TABLE_TYPE AS kind FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE()",
    "postgresql": "SELECT DISTINCT table_name::text AS name, table_type::text AS kind"
    " FROM information_schema.tables WHERE table_schema = ANY (current_schemas(false))",
}
INTERNAL = (
    "alembic_version branchmoves commitwalks deliveryparts dirtyruns etags formerfingerprints"
    " lakecommits lakerepos lakeruns lakes leases marks rereads rewrites rollflakedays rollflakes"
    " rollnights rollparts rollspans rollups runreads stepsofjobs versionreads windows"
).split()
COLUMNS = """
SELECT name AS "Field", lower(type) AS "Type", iif("notnull" OR pk, 'NO', 'YES') AS "Null",
    iif(pk, 'PRI', '') AS "Key", dflt_value AS "Default", iif(pk, 'auto_increment', '') AS "Extra"
FROM pragma_table_info('{table}')
"""
COLUMNS_OF_POSTGRESQL = """
SELECT CASE attname WHEN 'id' THEN {id} ELSE attname::text END AS "Field",
    format_type(atttypid, atttypmod) AS "Type",
    CASE WHEN attnotnull THEN 'NO' ELSE 'YES' END AS "Null",
    CASE WHEN EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary
        AND attnum = ANY (indkey)) THEN 'PRI' ELSE '' END AS "Key",
    pg_get_expr(adbin, adrelid) AS "Default",
    CASE WHEN attidentity <> '' THEN 'auto_increment' ELSE '' END AS "Extra"
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = to_regclass('{table}') AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
CHANGES = re.compile(r"(?:INSERT|REPLACE|UPDATE|DELETE)\b", re.I)  # sqlite3 begins before these
STAYS = re.compile(  # it changes the session, and so may change what later statements give
    r"""(?: SET \b (?! (?: [^=,]+ _time(?:out)? \s* = [^=,]* (?:,|\Z) )+ \Z)
      | USE | PREPARE | LOCK | LISTEN | CREATE \s+ (?:OR \s+ REPLACE \s+)? TEMP(?:ORARY)?\b
      | .* (?: := | \bINTO \s+ @ | \bGET_LOCK | \bSET_CONFIG | _ADVISORY_LOCK ) )""",
    re.I | re.DOTALL | re.VERBOSE,
)


def show_tables(names: str, full: bool) -> str:
    """Return the statement for SHOW TABLES, which leaves out what is internal, or its FULL form."""
    internal = ", ".join(f"'{name}'" for name in INTERNAL)
    if full:
        kind = f"CASE WHEN name IN ({internal}) THEN 'INTERNAL' ELSE kind END AS Table_type"
        return f"SELECT name AS Tables_in_{STORE}, {kind} FROM ({names}) listed ORDER BY name"  # noqa: S608 - names of ours
    return (
        f"SELECT name AS Tables_in_{STORE} FROM ({names}) listed"  # noqa: S608 - names of ours
        f" WHERE name NOT IN ({internal}) ORDER BY name"
    )


def prepare(
    sql: str, parameters: Any, many: bool, lexer: re.Pattern[str], mark: str
) -> tuple[str] | tuple[str, Any]:
    """Return the arguments for the driver's execute, or if `many` for its executemany."""
    rows = parameters if many else [parameters]
    if not all(hasattr(row, "__getitem__") for row in rows):
        raise sqlite3.ProgrammingError("parameters are of unsupported type")
    if not any(map(len, rows)):
        return (sql, rows) if many else (sql,)
    marks = find_marks(sql, isinstance(rows[0], Mapping), lexer)
    if many:
        return respell(sql, marks, [mark] * len(marks), mark), [bind(marks, row) for row in rows]
    values = bind(marks, rows[0], lists=True)
    places = [place_of(sql, at, mark, value) for at, value in zip(marks, values, strict=True)]
    flat = chain.from_iterable(value if type(value) is list else [value] for value in values)
    return respell(sql, marks, places, mark), tuple(flat)


def place_of(sql: str, found: re.Match[str], mark: str, value: Any) -> str:
    """Return a placeholder, or for a list one for each of its values: `IN ?`, or `IN (?)`."""
    if type(value) is not list:
        return mark
    places = ", ".join([mark] * len(value))
    before, after = sql[: found.start()].rstrip(), sql[found.end() :].lstrip()
    return places if before.endswith("(") and after.startswith(")") else f"({places})"


def find_marks(sql: str, by_name: bool, lexer: re.Pattern[str]) -> list[re.Match[str]]:
    """Return the placeholders, all of one style.

    `?` and `:name` mean nothing else in SQL, so beside them `%s` and `%(name)s` are modulo.
    """
    found: dict[str | None, list[re.Match[str]]] = {}
    for mark in lexer.finditer(sql):
        found.setdefault(mark.lastgroup, []).append(mark)
    sure, other = ("colon", "qmark") if by_name else ("qmark", "colon")
    if other in found:
        names, places = ("names", "places") if by_name else ("places", "names")
        raise sqlite3.ProgrammingError(f"the parameters have {names}, the placeholders {places}")
    return found.get(sure) or found.get("named" if by_name else "format") or []


def without_comments(sql: str) -> str:
    """Return a statement of PostgreSQL's, each place as it was, with blanks for its comments."""
    pieces, end, found = [], 0, SKIM.search(sql)
    while found:
        start, stop = found.span()
        if found.lastgroup == "block":
            stop = end_of_comment(sql, start)
        if found.lastgroup in ("line", "block"):
            pieces += [sql[end:start], re.sub(r"[^\n\r]", " ", sql[start:stop])]
            end = stop
        found = SKIM.search(sql, stop)
    return "".join([*pieces, sql[end:]])


def end_of_comment(sql: str, start: int) -> int:
    """Return where a comment ends, in which others may stand."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", sql[start:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return start + mark.end()
    return len(sql)


def with_percentiles(sql: str) -> str:
    """Return PostgreSQL's words for median(x) and percentile(x, p), the inner ones first."""
    if not re.search(r"(?i)\b(?:median|percentile)\s*\(", sql):
        return sql
    plain = without_comments(sql)
    parts = [part for part in PARTS.finditer(plain) if part.lastgroup in ("word", "sign")]
    calls = [
        place
        for place, (part, following) in enumerate(pairwise(parts))
        if part[0].lower() in ("median", "percentile")
        and following[0] == "("
        and not plain[: part.start()].rstrip().endswith(".")
    ]
    if not calls:
        return sql
    depth, comma, opening = 0, None, parts[calls[-1] + 1]
    for part in parts[calls[-1] + 1 :]:
        depth += (part[0] == "(") - (part[0] == ")")
        if part[0] == "," and depth == 1:
            comma = part
        if depth == 0:
            break
    else:
        return sql  # the server says what is missing
    values = plain[opening.end() : (comma or part).start()]
    share = f"({plain[comma.end() : part.start()]}) / 100.0" if comma else "0.5"
    call = f"percentile_cont({share}) WITHIN GROUP (ORDER BY {values})"
    return with_percentiles(plain[: parts[calls[-1]].start()] + call + plain[part.end() :])


def respell(sql: str, marks: Iterable[re.Match[str]], places: Sequence[str], mark: str) -> str:
    """Return the statement with the driver's placeholders in place of the marks."""
    doubles = mark == "%s"
    pieces, end = [], 0
    for found, place in zip(marks, places, strict=True):
        pieces += [(sql[end : found.start()], ""), ("", place)]
        end = found.end()
    pieces.append((sql[end:], ""))
    return "".join((text.replace("%", "%%") if doubles else text) + place for text, place in pieces)


def bind(
    marks: Sequence[re.Match[str]], parameters: Parameters, *, lists: bool = False
) -> tuple[Any, ...]:
    """Return the values of the placeholders, if `lists` with lists among them.

    Raises sqlite3.ProgrammingError, in its words.
    """
    convert = storable_list if lists else storable
    if isinstance(parameters, Mapping):
        names = [mark[mark.lastgroup or 0] for mark in marks]
        missing = [name for name in names if name not in parameters]
        if missing:
            text = f"You did not supply a value for binding parameter :{missing[0]}."
            raise sqlite3.ProgrammingError(text)
        return tuple(convert(parameters[name]) for name in names)
    if len(parameters) != len(marks):
        raise sqlite3.ProgrammingError(
            "Incorrect number of bindings supplied. The current statement uses "
            f"{len(marks)}, and there are {len(parameters)} supplied."
        )
    return tuple(map(convert, parameters))


def storable_list(value: Any) -> Any:
    """Return a value as drivers take it, or the values of a tuple, list, set or column as a list.

    A column is one of pandas or polars, or an array of NumPy.
    """
    is_column = hasattr(value, "to_list") or getattr(value, "ndim", 0) == 1
    is_list = isinstance(value, (tuple, list, set, frozenset))
    if not is_list and (not is_column or isinstance(value, memoryview)):
        return storable(value)
    if not len(value):
        raise sqlite3.ProgrammingError("a list of values is empty: IN needs at least one")
    return [storable(item) for item in value]


def storable(value: Any) -> Any:
    """Return a value as drivers take it; times as they are stored: text, UTC, without zone.

    What pandas and NumPy have for a missing value (NaN, NaT, NA) is NULL, as NaN is in sqlite3.
    """
    if value is None or isinstance(value, (str, bytes, bool)):
        return value
    kind = f"{type(value).__module__}.{type(value).__name__}"
    if kind == "numpy.datetime64":
        return storable(value.astype("datetime64[us]").item())
    if kind.startswith("numpy.bool"):  # numpy.bool_, until NumPy 2
        return bool(value)
    if kind.endswith(".NAType") or (isinstance(value, (datetime, Real)) and value != value):
        return None
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return value.isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, Integral):  # NumPy's too
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise sqlite3.ProgrammingError(f"a parameter of type {type(value).__name__!r} is not supported")


# --- What a reader may run -------------------------------------------------------------------

# A file's authorizer and a server's read-only session judge again, whatever passes here.
READS = frozenset("SELECT WITH VALUES TABLE SHOW DESC DESCRIBE EXPLAIN USE SET PRAGMA".split())
UNLIMITED = {"SET", "SHOW"}  # in MySQL, which limits the time of the others


def refused_in_file(sql: str) -> str | None:
    """Return the word for which SQLite is not asked; for the others its authorizer decides."""
    bare = SQLITE_LEXER.sub(" ", sql).lstrip("(; \t\r\n\f")
    first = re.split(r"\W", bare, maxsplit=1)[0].upper() or bare[:1]
    return first if first and first not in READS else None


PERMITTED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
PRAGMAS = re.compile(
    r"""\w+_(?:x?info|list|check)
    | (?P<value> encoding | journal_mode | page_(?:count|size) | freelist_count | compile_options
        | (?:user|schema|data)_version | application_id | read_uncommitted | query_only )""",
    re.IGNORECASE | re.VERBOSE,
)
ON_FILES = {"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"}


def permit(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Tell SQLite, which asks about each part of a statement that it reads, what a reader may."""
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() not in ON_FILES
    elif action == sqlite3.SQLITE_PRAGMA:
        pragma = PRAGMAS.fullmatch(first or "")
        allowed = pragma is not None and not (pragma["value"] and second)
    elif action == sqlite3.SQLITE_UPDATE:
        allowed = first == "sqlite_master"  # asked for pragma_table_info() and the like, never done
    elif action == sqlite3.SQLITE_TRANSACTION:
        allowed = first in ("COMMIT", "ROLLBACK")
    else:
        allowed = action in PERMITTED
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def reading(double_quoted: str) -> re.Pattern[str]:
    """Return a pattern that finds the words of a statement as MariaDB and MySQL do."""
    return re.compile(
        rf"""/\*(?![!+]|[Mm]!).*?(?:\*/|\Z) | \#[^\n]* | --(?=[\x00-\x20\x7f]|\Z)[^\n]*
        | (?P<never> /\*[!+Mm] | [\x00-\x08\x0e-\x1f\x7f])
        | (?P<text> '(?:[^'\\]|\\.)*'?) | {double_quoted} | `(?P<name>[^`]*)`?
        | (?P<number> \d(?:[\w$]*\d)?) | (?P<word> [\w$]+) | (?P<sign> [(),;@=.])""",
        re.DOTALL | re.VERBOSE | re.ASCII,
    )


# A server's sql_mode tells whether "..." is a text or a name: a statement has to pass as both.
READINGS = (reading(r'(?P<double>"(?:[^"\\]|\\.)*"?)'), reading(r'"(?P<quoted>[^"]*)"?'))
NEVER = {"UPDATE", "DELETE", "LOCK"}  # reserved: a name like these is quoted
PAIRS = {("FOR", "SHARE"), ("NEXT", "VALUE"), (".", "NEXTVAL")}
ACTS = re.compile(  # functions that write, lock or read files
    r"""GET_LOCK | RELEASE_(?:ALL_)?LOCKS? | LOAD_FILE | NEXTVAL | SETVAL
    | (?:SYS|KEYRING|AUDIT|GROUP_REPLICATION|ASYNCHRONOUS_CONNECTION_FAILOVER|VERSION_TOKENS
      |SERVICE|MASKING|MYSQL|FIREWALL)_\w+""",
    re.VERBOSE,
)
PASSES_TIME = {"SLEEP", "BENCHMARK"}
SETS = re.compile(
    r"""@[ ][^@ ]\S*[ ]=[ ] | AUTOCOMMIT[ ]=[ ]1\Z | NAMES[ ]'?UTF8MB4'?(?:[ ]COLLATE[ ]\S+)?\Z
    | (?:@[ ]@[ ])? (?:(?:SESSION|LOCAL)[ ](?:\.[ ])?)? `?
      (?: TIME_ZONE | LC_TIME_NAMES | GROUP_CONCAT_MAX_LEN | DIV_PRECISION_INCREMENT
        | DEFAULT_WEEK_FORMAT | SQL_SELECT_LIMIT | SQL_BIG_SELECTS | OPTIMIZER_SWITCH
        | (?:(?:INNODB_)?LOCK_)?WAIT_TIMEOUT
        | CTE_MAX_RECURSION_DEPTH | MAX_RECURSIVE_ITERATIONS ) [ ]=[ ]""",
    re.VERBOSE,
)


def refused_on_server(sql: str) -> str | None:
    """Return the word for which a server is not asked, None where it is."""
    readings = READINGS if '"' in sql else READINGS[:1]
    return next(filter(None, (refused_word(read_words(sql, one)) for one in readings)), None)


def read_words(sql: str, pattern: re.Pattern[str]) -> list[str]:
    """Return words, numbers, texts and signs in capitals; a quoted name begins with a backtick."""
    quoted = {"name", "quoted"}
    return [
        ("`" if part.lastgroup in quoted else "") + part[part.lastgroup].upper()
        for part in pattern.finditer(sql)
        if part.lastgroup
    ]


def refused_word(words: list[str]) -> str | None:
    words = list(dropwhile(lambda word: word == "(", words))
    while words and words[-1] == ";":
        words.pop()
    if words and words[0] not in READS:
        return words[0]
    is_unlimited = bool(words) and words[0] in UNLIMITED
    for word, following in pairwise([*words, ""]):
        is_call, name = following == "(", word.removeprefix("`")
        if (
            word in NEVER
            or word == ";"
            or word.startswith(("/*", "$"))
            or (len(word) == 1 and not word.isprintable())
            or (word, following) in PAIRS
            or (word == "INTO" and following != "@")
            or (word in ("INSERT", "REPLACE") and not is_call)
            or (is_call and ACTS.fullmatch(name))
            or (is_unlimited and (word == "SELECT" or (is_call and name in PASSES_TIME)))
        ):
            return repr(word) if not word.isprintable() else name
    items = split_items(words[1:]) if words and words[0] == "SET" else []
    return next((f"SET {item}"[:60] for item in items if not SETS.match(item)), None)


# By this the server tells functions that may act from others, a few of which are harmless.
ACTING = (
    "SELECT proname, pronamespace = 'pg_catalog'::regnamespace FROM pg_proc WHERE provolatile = 'v'"
)
HARMLESS = re.compile(
    r"""random\w* | setseed | clock_timestamp | timeofday | pg_sleep\w* | gen_random_uuid | uuidv\d
    | currval | lastval | array_sample | array_shuffle | bernoulli | system | current_query
    | pg_\w+_size | pg_is_\w+ | pg_last_\w+ | pg_current_\w+ | pg_control_\w+ | pg_stat_get_\w+
    | pg_blocking_pids | pg_lock_status | pg_partition_\w+ | pg_xact_\w+ | txid_status
    | pg_jit_available | pg_\w*collation_actual_version""",
    re.VERBOSE,
)
OF_EXTENSIONS = re.compile(
    r"gen_random_uuid | uuid_generate_\w+ | normal_rand | pg_stat_statements(?:_info)?", re.VERBOSE
)
# They run a text, whatever they say of themselves, or would change most.
REFUSED = re.compile(
    r"""(?:QUERY|CURSOR)_TO_XML\w* | TS_STAT | TS_REWRITE | DBLINK\w* | CROSSTAB\w* | CONNECTBY
    | XPATH_TABLE | LO_\w+ | SET_CONFIG | NEXTVAL | SETVAL | PG_NOTIFY | PG_(?:TRY_)?ADVISORY_\w+
    | PG_(?:READ|LS|FILE)_\w+ | PG_(?:TERMINATE|CANCEL)_BACKEND | PG_RELOAD_CONF""",
    re.VERBOSE,
)
LONGEST_NAME = 63  # bytes; the server cuts off the rest


def acting_functions(functions: Iterable[tuple[str, Any]]) -> frozenset[str]:
    """Return in capitals which volatile functions, built in or not, may not be called."""
    harmless = (OF_EXTENSIONS, HARMLESS)
    return frozenset(
        name.upper()
        for name, is_built_in in functions
        if not harmless[bool(is_built_in)].fullmatch(name)
    )


BEGIN_READS = {"SELECT", "WITH", "VALUES", "TABLE", "("}
CHANGE = {"INSERT", "UPDATE", "DELETE", "MERGE"}
SETS_OF_POSTGRESQL = re.compile(
    r"""(?:(?:SESSION|LOCAL)[ ])? (?: TIME[ ]ZONE
      | `?(?: TIMEZONE | SEARCH_PATH | WORK_MEM | HASH_MEM_MULTIPLIER | ENABLE_\w+ | JIT\w*
        | GEQO\w* | MAX_PARALLEL_WORKERS_PER_GATHER | RANDOM_PAGE_COST
        | (?:FROM|JOIN)_COLLAPSE_LIMIT | PLAN_CACHE_MODE | LC_TIME | LC_NUMERIC | LOCK_TIMEOUT
        | IDLE_\w*TIMEOUT
        | APPLICATION_NAME ) [ ](?:=|TO) )[ ]""",
    re.VERBOSE,
)


def refused_on_postgresql(sql: str, acting: Iterable[str] = ()) -> str | None:
    """Return the word for which PostgreSQL is not asked; `acting` are functions that may write."""
    if "\x00" in sql:
        return repr("\x00")
    words = read_words(without_comments(sql), PARTS)
    return refused_word_on_postgresql(words, acting)


def refused_word_on_postgresql(words: list[str], acting: Iterable[str]) -> str | None:
    words = list(dropwhile(lambda word: word == "(", words))
    while words and words[-1] == ";":
        words.pop()
    if not words:
        return None
    if words[0] not in READS:
        return words[0]
    if words[0] == "EXPLAIN" and (word := explained(words)) not in BEGIN_READS:
        return word
    for before, word, following in zip(["", *words], words, [*words[1:], ""], strict=False):
        name = word.removeprefix("`").encode()[:LONGEST_NAME].decode(errors="ignore")
        is_call = following == "(" or before == "."
        if (
            word in (";", 'U&"', "INTO")
            or (word in CHANGE and before != ".")
            or (word == "FOR" and following in ("SHARE", "NO", "KEY"))
            or (is_call and (name in acting or REFUSED.fullmatch(name)))
        ):
            return name
    item = " ".join(words[1:])
    is_set = words[0] == "SET" and not SETS_OF_POSTGRESQL.match(item)
    return f"SET {item}"[:60] if is_set else None


def explained(words: Sequence[str]) -> str:
    """Return the first word of the statement that EXPLAIN explains."""
    rest = list(dropwhile(lambda word: word in ("EXPLAIN", "ANALYZE", "VERBOSE"), words))
    if rest[:1] == ["("] and rest[1:2] and rest[1] not in BEGIN_READS:  # options
        rest = list(dropwhile(lambda word: word != ")", rest))[1:]
    return next(iter(rest), "EXPLAIN")


def split_items(words: Iterable[str]) -> list[str]:
    """Return what stands between the commas outside parentheses."""
    items: list[list[str]] = [[]]
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            items.append([])
        else:
            items[-1].append(word)
    return [" ".join(item) for item in items]


def check_reads(word: str | None) -> None:
    """Refuse a statement for one of its words; the database itself refuses most of them."""
    if word:
        fail(only_reads(word))


TIME_LIMITS = ("MAX_STATEMENT_TIME", "MAX_EXECUTION_TIME", "STATEMENT_TIMEOUT")


def only_reads(word: str) -> str:
    """Say that a statement is refused, and what there is in its place."""
    hint = "connector(..., write=True)"
    if word in ("BEGIN", "START"):
        hint = "conn.snapshot()"
    if any(name in word for name in TIME_LIMITS):
        hint = "connector(limit=...)"
    return f"this connection only reads, and does not run {word}: see {hint}"


# --- What the analyst holds ------------------------------------------------------------------


class Connection:
    """Used like sqlite3.Connection. Threads may share it.

    An SQLite file is behind it, as far as the methods under "what a server does otherwise" go.
    """

    # pandas asks isinstance(conn, sqlite3.Connection), and warns of any other.
    __class__ = sqlite3.Connection  # type: ignore[assignment] # as unittest.mock's spec does

    row_factory: RowFactory | None = None
    _errors: tuple[type[Exception], ...] = (pymysql.Error,)

    def __init__(self, place: Place, write: bool, limit: float) -> None:
        self._place, self._write, self._limit = place, write, limit
        self._driver: Any = self._connect()
        self._lock = threading.RLock()
        self._open = True
        self._changes = 0
        self._snapshot: Snapshot | None = None

    def __repr__(self) -> str:
        return f"<{'read-write' if self._write else 'read-only'} connection to {self._place}>"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a database connection cannot be pickled")

    def cursor(self, *, dictionary: bool = False) -> Cursor:
        """Return a cursor; its rows are dicts if `dictionary`."""
        self._check()
        return Cursor(self, as_dict if dictionary else self.row_factory)

    def execute(self, sql: str, parameters: Parameters | None = None, /) -> Cursor:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        return self.cursor().executemany(sql, parameters)

    def commit(self) -> None:
        self._finish("commit")

    def rollback(self) -> None:
        self._finish("rollback")

    def _finish(self, how: str) -> None:
        with self._using_driver():
            if self.in_transaction and not self._snapshot:
                getattr(self._driver, how)()

    def __enter__(self) -> Self:
        self._check()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._finish("rollback" if kind else "commit")

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._close_driver()

    def _check(self) -> None:
        """Raise sqlite3.ProgrammingError after close()."""
        if not self._open:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")

    @property
    def in_transaction(self) -> bool:
        self._check()
        return self._in_transaction()

    @property
    def total_changes(self) -> int:
        self._check()
        return self._changes

    @contextmanager
    def snapshot(self, limit: float = SNAPSHOT) -> Iterator[Self]:
        """See one consistent view in this block; it is ended after `limit` seconds.

        Nothing can be written in it, and it holds up neither writers nor migrations.
        """
        with self._using_driver():
            if self._snapshot or self.in_transaction:
                raise sqlite3.ProgrammingError("a snapshot cannot begin inside a transaction")
            self._start_snapshot(limit)
            snapshot = self._snapshot = Snapshot(limit)
        timer = threading.Timer(limit, self._end, [snapshot])
        timer.daemon = True
        timer.start()
        try:
            yield self
        finally:
            timer.cancel()
            self._end(snapshot)
            self._snapshot = None

    def _end(self, snapshot: Snapshot) -> None:
        with self._lock:
            if self._open and not snapshot.ended:
                snapshot.ended = True
                with suppress(*self._errors):  # it was lost, and the snapshot with it
                    self._end_snapshot()

    @contextmanager
    def _using_driver(self) -> Iterator[None]:
        """Let one thread in at a time, and turn the driver's errors into sqlite3's."""
        with self._lock:
            self._check()
            try:
                yield
            except pymysql.Error as error:
                if error.args[0] in LOST:
                    self._close_driver()
                if error.args[0] == NO_TABLE:
                    fail(with_suggestion(error.args[-1], self._list_tables()))
                raise as_sqlite3(error, self._limit) from error
            except sqlite3.OperationalError as error:
                if str(error).startswith("no such table: "):
                    fail(with_suggestion(str(error), self._list_tables()))
                if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
                    raise
                raise over_limit(self._limit) from error

    def _run(self, sql: str, parameters: Any, many: bool) -> Result:
        """Run a statement; `parameters` are a list of parameters if `many`."""
        with self._using_driver():
            if self._snapshot and self._snapshot.ended:
                fail(
                    f"the snapshot has ended: it may last {self._snapshot.limit:g} s"
                    " (conn.snapshot(limit=...)), and no longer than its connection"
                )
            bare = self._bare(sql)
            if self._snapshot or not self._write:
                check_reads(self._refused(sql))
            changes = bool(CHANGES.match(bare))
            if many and not changes:
                raise sqlite3.ProgrammingError("executemany() can only execute DML statements.")
            call = prepare(self._spell(sql), parameters, many, self._lexer, self._mark)
            cursor = self._begin(changes)
            try:
                (cursor.executemany if many else cursor.execute)(*call)
                names = [column[0] for column in cursor.description or ()]
                rows = spool(self._rows(cursor)) if names else iter(())
                if not changes:
                    return Result(names, rows)
                count = max(cursor.rowcount, 0)
                self._changes += count
                return Result(names, rows, count, None if many else cursor.lastrowid)
            finally:
                self._leave(cursor)

    # What a server does otherwise

    _lexer, _mark = SQLITE_LEXER, "?"
    _refused = staticmethod(refused_in_file)

    def _bare(self, sql: str) -> str:
        """Return the statement from its first word, without texts and comments."""
        return self._lexer.sub(" ", sql).lstrip("( \t\r\n")

    def _connect(self) -> Any:
        return open_sqlite(self._place, self._write, self._limit)

    def _close_driver(self) -> None:
        self._driver.close()

    def _in_transaction(self) -> bool:
        return bool(self._driver.in_transaction)

    def _spell(self, sql: str) -> str:
        """Return the statement as the engine knows it: a file is one database, so USE is void."""
        if not (shows := SHOWS.fullmatch(sql)):
            return USE.sub("", sql)
        if shows["table"] is None:
            return show_tables(NAMES["sqlite"], bool(shows["full"]))
        tables = self._list_tables()
        if shows["table"].lower() not in tables:
            fail(f"no such table: {shows['table']}")  # _using_driver adds which may be meant
        return COLUMNS.format(table=shows["table"])

    def _list_tables(self) -> list[str]:
        return [name.lower() for (name,) in sqlite3.Cursor(self._driver).execute(TABLES)]

    def _begin(self, changes: bool) -> Any:
        """Return the driver's cursor, in a transaction if the statement changes rows."""
        return self._driver.cursor()  # sqlite3 begins by itself

    def _rows(self, cursor: Any) -> Iterator[Row]:
        return with_times(cursor)

    def _leave(self, cursor: Any) -> None:
        """Leave nothing open or locked behind a statement."""
        cursor.close()

    def _start_snapshot(self, limit: float) -> None:
        self._driver.set_authorizer(None)
        try:
            self._driver.execute("BEGIN")
            # The first read fixes what is seen.
            self._driver.execute("SELECT 1 FROM sqlite_master").fetchone()
        except BaseException:
            self._end_snapshot()
            raise
        self._driver.set_authorizer(permit)

    def _end_snapshot(self) -> None:
        self._driver.rollback()
        self._driver.set_authorizer(None if self._write else permit)


class ServerConnection(Connection):
    """The same on a MariaDB or MySQL server."""

    _lexer, _mark = MYSQL_LEXER, "%s"
    _is_changed = False  # whether a statement has changed the session
    _refused = staticmethod(refused_on_server)

    def _connect(self) -> Any:
        return open_mysql(self._place, self._write, self._limit)

    def _close_driver(self) -> None:
        if self._driver.open:  # it may have been lost, and PyMySQL closes only once
            self._driver.close()

    def _in_transaction(self) -> bool:
        status = self._driver.server_status if self._driver.open else 0
        return bool(status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def _spell(self, sql: str) -> str:
        """Return the statement; by the store's name USE means the URL's database."""
        if (shows := SHOWS.fullmatch(sql)) and shows["table"] is None:
            return show_tables(NAMES["server"], bool(shows["full"]))
        named, database = USE.fullmatch(sql), self._place.url.database
        return f"USE `{database}`" if named and named["store"] and database else sql

    def _list_tables(self) -> list[str]:
        with self._driver.cursor() as cursor:
            cursor.execute("SHOW TABLES")
            return [name.lower() for (name,) in cursor.fetchall()]

    def _run(self, sql: str, parameters: Any, many: bool) -> Result:
        with self._lock:
            result = super()._run(sql, parameters, many)
            named = USE.fullmatch(sql)
            if not (named and named["store"]) and STAYS.match(self._bare(sql)):
                self._is_changed = True
            return result

    def _finish(self, how: str) -> None:
        with self._using_driver():
            lost = self._in_transaction() and not self._snapshot and self._is_lost()
            if lost and how == "commit":
                fail(UNDONE)
            super()._finish(how)

    def _begin(self, changes: bool) -> Any:
        self._connect_again()
        if changes and not self._in_transaction():
            self._driver.begin()
        return self._driver.cursor(SSCursor)

    def _connect_again(self) -> None:
        """Replace a connection that was lost, if nothing was lost with it that is not said yet.

        The server is asked before a statement is sent, so that none is sent twice; its answer
        tells whether a transaction is over, too: a deadlock ends it.
        """
        if self._snapshot:
            if not self._driver.open:
                fail("the snapshot has ended with its connection")
            return
        if self._driver.open:
            in_transaction = self._in_transaction()
            if not self._is_lost():
                return
            if in_transaction:
                fail(UNDONE)
            if self._is_changed:
                fail(FORGOTTEN)
        self._driver, self._is_changed = self._connect(), False

    def _is_lost(self) -> bool:
        """Tell whether the server has closed the connection, and close it here too then."""
        try:
            self._driver.ping()
        except self._errors:
            self._close_driver()
            return True
        return False

    def _rows(self, cursor: Any) -> Iterator[Row]:
        return iter(cursor)

    def _leave(self, cursor: Any) -> None:
        if not self._driver.open:
            cursor.connection = None  # there is no rest of the result to be read
        cursor.close()
        if self._snapshot and self._driver.open:
            # Gives up the metadata locks, which hold up migrations, but not the view:
            # mysqldump --single-transaction does the same.
            command(self._driver, "ROLLBACK TO SAVEPOINT beginning")

    def _start_snapshot(self, limit: float) -> None:
        self._connect_again()
        command(
            self._driver,
            # The server's own limit, for the day this machine is gone without a word.
            f"SET SESSION wait_timeout = {int(limit) + 60}",
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            "SAVEPOINT beginning",
        )

    def _end_snapshot(self) -> None:
        if self._driver.open:
            command(self._driver, "ROLLBACK", "SET SESSION wait_timeout = DEFAULT")


class PostgresConnection(ServerConnection):
    """The same on a PostgreSQL server."""

    _lexer = POSTGRESQL_LEXER

    def _connect(self) -> Any:
        self._errors = (psycopg.Error,)
        driver = open_postgresql(self._place, self._write, self._limit)
        for name, loader in LOADERS.items():
            driver.adapters.register_loader(name, loader)
        return driver

    def _in_transaction(self) -> bool:
        return bool(self._driver.open and self._driver.in_transaction)

    def _refused(self, sql: str) -> str | None:
        return refused_on_postgresql(sql, self._driver.acting)

    def _bare(self, sql: str) -> str:
        plain = without_comments(sql)
        return TEXTS.sub(" ", plain).lstrip("( \t\r\n")

    def _spell(self, sql: str) -> str:
        sql = without_comments(sql)
        if not (shows := SHOWS.fullmatch(sql)):
            named = USE.fullmatch(sql)
            return "" if named and named["store"] else sql
        if shows["table"] is None:
            return show_tables(NAMES["postgresql"], bool(shows["full"]))
        tables, table = self._list_tables(), shows["table"].lower()
        if table not in tables:
            fail(f"no such table: {shows['table']}")  # _using_driver adds which may be meant
        return COLUMNS_OF_POSTGRESQL.format(
            table=table, id="'Id'" if self._driver.is_store else "'id'"
        )

    def _list_tables(self) -> list[str]:
        cursor = StatementCursor(self._driver, False)
        cursor.execute(NAMES["postgresql"])
        return [row[0].lower() for row in cursor.rows]

    @contextmanager
    def _using_driver(self) -> Iterator[None]:
        with super()._using_driver():
            try:
                yield
            except psycopg.Error as error:
                raise postgresql_as_sqlite3(error, self._driver, self._limit) from error

    def _begin(self, changes: bool) -> Any:
        self._connect_again()
        if not self._snapshot and not self._in_transaction():
            if not self._write:
                self._driver.run("BEGIN READ ONLY")
            elif changes:
                self._driver.run("BEGIN")
        return StatementCursor(self._driver, self._write and not self._snapshot)

    def _rows(self, cursor: Any) -> Iterator[Row]:
        rows: Iterator[Row] = cursor.rows
        return rows

    def _leave(self, cursor: Any) -> None:
        cursor.close()
        if not self._driver.open:
            return
        if self._snapshot:
            is_changed = not self._driver.is_broken and self._driver.ask(REWRITTEN)
            # Gives up the locks, which hold up migrations, but not the view.
            self._driver.run("ROLLBACK TO SAVEPOINT beginning")
            if is_changed:
                fail(SNAPSHOT_IS_CHANGED)
        elif not self._write:
            self._driver.run("ROLLBACK" if self._driver.is_broken else "COMMIT")

    def _start_snapshot(self, limit: float) -> None:
        self._connect_again()
        self._driver.run(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            # The server's own limit, for the day this machine is gone without a word.
            f"SET LOCAL idle_in_transaction_session_timeout = {int(limit + 60) * 1000}",
            "SELECT 1",  # the first read fixes what is seen
            "SAVEPOINT beginning",
        )

    def _end_snapshot(self) -> None:
        if self._driver.open:
            self._driver.run("ROLLBACK")


class Cursor:
    """Used like sqlite3.Cursor, on every engine."""

    arraysize = 1
    lastrowid: int | None = None

    def __init__(self, connection: Connection, row_factory: RowFactory | None) -> None:
        self.connection, self.row_factory = connection, row_factory
        self._open = True
        self._show(Result())

    def _show(self, result: Result) -> Cursor:
        names, self._rows, self.rowcount, lastrowid = result
        self.description: Any = tuple((name, *[None] * 6) for name in names) or None
        self.lastrowid = lastrowid or self.lastrowid
        self._lender: sqlite3.Cursor | None = None
        return self

    def execute(self, sql: str, parameters: Parameters | None = None, /) -> Cursor:
        self._check()
        self._show(Result())
        given = () if parameters is None else parameters
        return self._show(self.connection._run(sql, given, many=False))

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        self._check()
        self._show(Result())
        return self._show(self.connection._run(sql, list(parameters), many=True))

    def __iter__(self) -> Cursor:
        return self

    def __next__(self) -> Any:
        self._check()
        row = next(self._rows)
        factory: Any = self.row_factory
        if factory is None:
            return row
        if isinstance(factory, type) and issubclass(factory, sqlite3.Row):
            self._lender = self._lender or lend_names(self.description or ())
            return factory(self._lender, row)
        return factory(self, row)

    def fetchone(self) -> Any:
        return next(self, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return list(islice(self, self.arraysize if size is None else size))

    def fetchall(self) -> list[Any]:
        return list(self)

    def close(self) -> None:
        self.connection._check()
        self._open = False
        self._rows = iter(())

    def _check(self) -> None:
        """Raise sqlite3.ProgrammingError after close()."""
        if not self._open:
            raise sqlite3.ProgrammingError("Cannot operate on a closed cursor.")
        self.connection._check()


def as_dict(cursor: Cursor, row: Row) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description or (), row, strict=True)}


def lend_names(description: Iterable[tuple[Any, ...]]) -> sqlite3.Cursor:
    """Return a real cursor with these names: sqlite3.Row takes no other."""
    names = (str(column[0]).replace('"', '""') for column in description)
    with closing(sqlite3.connect(":memory:")) as memory:
        return memory.execute("SELECT " + ", ".join(f'NULL AS "{name}"' for name in names))


class Result(NamedTuple):
    """What a statement gave. It was read to its end: nothing stays open or locked for it."""

    names: Sequence[str] = ()
    rows: Iterator[Row] = iter(())
    rowcount: int = -1
    lastrowid: int | None = None


@dataclass
class Snapshot:
    """How many seconds a snapshot may last, and whether it has ended."""

    limit: float
    ended: bool = False


def spool(rows: Iterator[Row]) -> Iterator[Row]:
    """Read all rows now, to give them later; beyond BATCH they wait in a temporary file."""
    first = list(islice(rows, BATCH))
    if len(first) < BATCH:
        return iter(first)
    later = stored(rows)
    return chain(first, next(later), chain.from_iterable(later))


def stored(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Store all rows and give an empty batch, then the batches."""
    with tempfile.TemporaryFile() as file:
        count = 0
        while batch := list(islice(rows, BATCH)):
            pickle.dump(batch, file)
            count += 1
        file.seek(0)
        yield []
        for _ in range(count):
            yield pickle.load(file)  # noqa: S301 - it has no name, and we wrote it


# --- The drivers -----------------------------------------------------------------------------


class TimedCursor(sqlite3.Cursor):
    """Ends a statement after its connection's limit, reading its rows included."""

    def execute(self, *given: Any) -> Self:
        with self._timed():
            return super().execute(*given)

    def executemany(self, *given: Any) -> Self:
        with self._timed():
            return super().executemany(*given)

    def executescript(self, script: str) -> sqlite3.Cursor:
        with self._timed():
            return super().executescript(script)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Start the clock, and say in words what the authorizer refuses."""
        connection: Any = self.connection
        end = time.monotonic() + connection.limit
        connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_AUTH:
                raise
            raise sqlite3.OperationalError(f"read-only: {only_reads('this')}") from error


class TimedFile(sqlite3.Connection):
    """An SQLite file whose cursors end what takes longer than `limit` seconds."""

    limit = LIMIT

    def cursor(self, factory: Any = TimedCursor) -> Any:
        return super().cursor(factory)


def open_sqlite(place: Place, write: bool, limit: float) -> TimedFile:
    """Open an SQLite file, which is never made. Raises sqlite3.OperationalError."""
    file = Path(place.url.database or "")
    if not file.is_file():
        fail(f"there is no SQLite database {file}: start the listener, or set DATABASE_URL")
    driver = None
    try:
        driver = TimedFile(
            f"{file.as_uri()}?mode={'rw' if write else 'ro'}",
            uri=True,
            timeout=WAIT,
            isolation_level="DEFERRED" if write else None,
            check_same_thread=False,  # Connection lets one in at a time
        )
        driver.limit = limit
        percentile: Any = Percentile
        driver.create_aggregate("median", 1, percentile)
        driver.create_aggregate("percentile", 2, percentile)
        driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        driver.execute(f"PRAGMA query_only = {int(not write)}")
        driver.execute("SELECT 1 FROM sqlite_master").fetchone()
        if not write:
            driver.set_authorizer(permit)
    except sqlite3.Error as error:
        if driver:
            driver.close()
        fail(f"{file} cannot be read as an SQLite database: {error}")
    return driver


class Percentile:
    """percentile(x, p), p from 0 to 100, and median(x): as SQLite's own, where it is built in.

    Between two values it is interpolated; NULLs do not count. https://sqlite.org/percentile.html
    """

    def __init__(self) -> None:
        self.values: list[float] = []
        self.share: float | None = None

    def step(self, value: Any, percent: Any = 50) -> None:
        """Take one row."""
        if not isinstance(percent, (int, float)) or not 0 <= percent <= 100:
            raise ValueError("percentile(x, p) wants a p from 0 to 100")
        self.share = percent / 100
        if value is not None:
            self.values.append(float(value))

    def finalize(self) -> float | None:
        """Return the result, NULL for no values."""
        if not self.values or self.share is None:
            return None
        values = sorted(self.values)
        place = self.share * (len(values) - 1)
        low = int(place)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (place - low)


TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", re.ASCII)
DECLARED = """
SELECT lower(c.name), c.type LIKE 'DATETIME%' OR c.type LIKE 'TIMESTAMP%'
FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' ORDER BY 2
"""


def with_times(cursor: sqlite3.Cursor) -> Iterator[Row]:
    """Give the rows of an SQLite result, with times as datetime.

    SQLite tells the names of a result's columns, not their types. A name that a table declares
    as DATETIME is a time, and one that it declares otherwise is none; under any other name (an
    alias, an expression) a text is one if it is exactly as the store writes times.
    """
    # Not by a cursor of the connection's own kind, which would begin the statement's limit anew.
    declared = dict(sqlite3.Cursor(cursor.connection).execute(DECLARED))
    is_time = [declared.get(column[0].lower()) for column in cursor.description]
    places = [place for place, known in enumerate(is_time) if known != 0]
    for row in cursor:
        values = list(row)
        for place in places:
            value = values[place]
            if type(value) is str and (is_time[place] or TIME.fullmatch(value)):
                with suppress(ValueError):
                    values[place] = datetime.fromisoformat(value)
        yield tuple(values)


class ReadingSession(pymysql.connections.Connection):
    """A session that sends a server nothing but what a reader may run, whoever holds it."""

    is_ours = False

    def _execute_command(self, command: int, sql: str | bytes) -> None:  # all pass through here
        text = sql if isinstance(sql, str) else sql.decode("utf-8", "surrogateescape")
        is_judged = command == COMMAND.COM_QUERY and not self.is_ours and text not in ENDS
        if is_judged and (word := refused_on_server(text)):
            raise pymysql.OperationalError(READ_ONLY, f"read-only: {only_reads(word)}")
        super()._execute_command(command, sql)  # type: ignore[misc] # not in stubs


ENDS = ("COMMIT", "ROLLBACK")  # SQLAlchemy says them after each use


def open_mysql(place: Place, write: bool, limit: float) -> Any:
    """Open a session on a server. Raises sqlite3.OperationalError."""
    url = place.url
    try:
        driver: Any = (pymysql.connections.Connection if write else ReadingSession)(
            host=url.host,
            port=url.port or 3306,
            user=url.username,
            # As text PyMySQL takes it for Latin-1, and shows it in the error when it is not.
            password=place.password.encode("utf-8", "surrogateescape"),
            database=url.database,
            unix_socket=url.query.get("unix_socket"),
            charset="utf8mb4",
            autocommit=True,
            client_flag=CLIENT.FOUND_ROWS,  # an UPDATE counts the rows it found, as in SQLite
            conv=CONVERSIONS,
            connect_timeout=WAIT,
            write_timeout=WAIT,
            read_timeout=limit + MARGIN,
            **place.tls,
        )
        milliseconds = max(1, int(limit * 1000))
        longest = f"max_execution_time = {milliseconds}"  # of a SELECT; MySQL limits no other
        if "mariadb" in driver.get_server_info().lower():
            longest = f"max_statement_time = {milliseconds / 1000}"
        access = "" if write else ", READ ONLY"
        command(
            driver,
            f"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED{access}",
            f"SET time_zone = '+00:00', {longest}, sql_mode = {PLAIN_MODE}",
        )
        return driver
    except (pymysql.Error, RuntimeError, OSError) as error:
        sentence = why_unreachable(error, place)
    fail(sentence)  # outside: no traceback leads into frames that hold the password


CHUNK = 1_000  # rows that are received at once


class PostgresSession:
    """What is added to psycopg's connection: above all an end to its waits.

    psycopg waits as long as a server is frozen.
    """

    pgconn: Any
    closed: bool
    close: Callable[[], None]

    limit = LIMIT
    acting: frozenset[str] = frozenset()
    is_store = False
    number: int | None = None  # what the last INSERT was given
    state = ""  # of the last error

    @property
    def open(self) -> bool:
        return not self.closed

    @property
    def in_transaction(self) -> bool:
        return bool(self.pgconn.transaction_status in (2, 3))  # the latter after an error

    @property
    def is_broken(self) -> bool:
        return bool(self.pgconn.transaction_status == 3)

    def wait(self, gen: Any, *given: Any, **named: Any) -> Any:
        """Wait for what a generator of psycopg's waits for. Raises OperationalError when late."""
        end = time.monotonic() + self.limit + MARGIN
        try:
            return super().wait(until(end, gen), *given, **named)  # type: ignore[misc]
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from None

    def answers(self, sql: str) -> Iterator[Any]:
        """Send one statement, which the protocol sees to, and give its results, rows in chunks."""
        self.pgconn.send_query_params(sql.encode(), None)
        if psycopg.pq.version() >= 170000:
            self.pgconn.set_chunked_rows_mode(CHUNK)
        else:
            self.pgconn.set_single_row_mode()
        is_read, error = False, None
        try:
            self.wait(psycopg.generators.send(self.pgconn))
            while result := self.wait(psycopg.generators.fetch(self.pgconn)):
                status = psycopg.pq.ExecStatus(result.status)
                if status.name.startswith("COPY"):
                    self.close()
                    raise psycopg.NotSupportedError("COPY has no way through this connection")
                if status == psycopg.pq.ExecStatus.FATAL_ERROR:
                    error = psycopg.errors.error_from_result(result, encoding="utf-8")
                else:
                    yield result
            is_read = True
        finally:
            if not is_read and self.open:
                self.give_up()
        if error:
            self.state = error.sqlstate or ""
            raise error

    def give_up(self) -> None:
        """Leave what is still coming."""
        try:
            self.pgconn.get_cancel().cancel()
            while self.wait(psycopg.generators.fetch(self.pgconn)):
                pass
        except psycopg.Error:
            self.close()

    def run(self, *statements: str) -> None:
        """Run statements of our own."""
        for statement in statements:
            for _ in self.answers(statement):
                pass

    def ask(self, sql: str) -> list[Row]:
        """Return the rows of a question of our own."""
        return [row for result in self.answers(sql) for row in rows_of(self, result)]

    def ping(self) -> None:
        self.run("")

    def begin(self) -> None:
        self.run("BEGIN")


def until(end: float, gen: Any) -> Any:
    """Pass on what a generator waits for, until it is late."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > end:
                raise TimeoutError
            wanted = gen.send(ready)
    except StopIteration as stop:
        return stop.value


def command(driver: Any, *statements: str) -> None:
    """Run statements of our own, some of which a reader may not run."""
    driver.is_ours = True
    try:
        with driver.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        driver.is_ours = False


class ReadingCursor:
    """What is added to psycopg's cursor: it sends nothing but what a reader may run.

    Each statement has a transaction of its own, which only reads.
    """

    connection: Any
    mogrify: Callable[..., str]

    def execute(self, query: Any, params: Any = None, **_: Any) -> Any:
        session = self.connection
        text = self.mogrify(query, params)
        if word := refused_on_postgresql(text, session.acting):
            raise psycopg.OperationalError(f"read-only: {only_reads(word)}")
        is_own = session.autocommit and not session.in_transaction
        if is_own:
            session.run("BEGIN READ ONLY")
        try:
            return super().execute(with_percentiles(text).encode())  # type: ignore[misc]
        finally:
            if is_own and session.open:
                session.run("ROLLBACK" if session.is_broken else "COMMIT")

    def executemany(self, query: Any, params_seq: Any, **_: Any) -> None:
        for params in params_seq:
            self.execute(query, params)

    def stream(self, query: Any, params: Any = None, **_: Any) -> Any:
        yield from self.execute(query, params)

    def copy(self, *_: Any, **__: Any) -> NoReturn:
        raise psycopg.OperationalError(f"read-only: {only_reads('COPY')}")

    def _execute_send(self, query: Any, **named: Any) -> None:
        # The protocol that takes one statement at a time.
        super()._execute_send(query, **{**named, "force_extended": True})  # type: ignore[misc]


class ReadingPostgres(PostgresSession):
    """A session whose cursors are readers', whoever asks for one."""

    def cursor(self, name: str = "", **options: Any) -> Any:
        del name  # a cursor on the server would need a statement that is not a reader's
        kind = joined(ReadingCursor, psycopg.ClientCursor)
        return kind(self, row_factory=options.get("row_factory"))


@cache
def joined(added: type, own: type) -> Any:
    """Return a class of psycopg's with what is added to it; psycopg is not imported before."""
    return type(added.__name__, (added, own), {})


OWN = ("sslcert", "sslkey")  # by what a client proves itself, where a server asks for that
# It is the session's first word; what a role or a database is set to comes after it.
POSTGRESQL_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",  # the lexer takes a backslash for a letter
}
OPENED = """SELECT to_regclass('workflowruns') IS NOT NULL,
(SELECT setting FROM pg_settings WHERE name = 'statement_timeout')"""
# Tables whose rows are elsewhere now than this snapshot knows: it would read none, and say nothing.
REWRITTEN = """
SELECT 1 FROM pg_locks JOIN pg_class ON pg_class.oid = relation
WHERE pid = pg_backend_pid() AND relkind IN ('r', 'm', 't') AND relfilenode <> 0
    AND relfilenode IS DISTINCT FROM pg_relation_filenode(pg_class.oid) LIMIT 1
"""


def open_postgresql(place: Place, write: bool, limit: float) -> Any:
    """Open a session on a PostgreSQL server. Raises sqlite3.OperationalError."""
    url = place.url
    settings = {**POSTGRESQL_SETTINGS, "statement_timeout": max(1, int(limit * 1000))}
    if not write:
        settings["default_transaction_read_only"] = "on"
    asked = values_of(url, "options")
    try:
        added = PostgresSession if write else ReadingPostgres
        session = joined(added, psycopg.Connection).connect(
            **postgresql_hosts(url, write),
            user=url.username,
            password=place.password or None,
            dbname=url.database,
            connect_timeout=min(WAIT, max(2, int(limit + MARGIN))),
            options=" ".join([*asked, *(f"-c {name}={settings[name]}" for name in settings)]),
            client_encoding="utf8",
            gssencmode="disable",
            autocommit=True,
            **{name: value for name in OWN for value in values_of(url, name)[:1]},
            **place.tls,
        )
        session.limit = limit
        session.adapters.register_loader("numeric", NumberLoader)
        ((session.is_store, timeout),) = session.ask(OPENED)
        if timeout != str(settings["statement_timeout"]):  # a pooler left the options out
            # Each statement begins READ ONLY; a session of the pooler's may be a writer's next.
            settings.pop("default_transaction_read_only", None)
            each = (f"set_config('{name}', '{settings[name]}', false)" for name in settings)
            session.run(f"SELECT {', '.join(each)}")
        if not write:
            session.acting = acting_functions(session.ask(ACTING))
            session.read_only = True  # where SQLAlchemy is asked for an isolation level
        return session
    except (psycopg.Error, OSError, ValueError) as error:
        sentence = why_no_postgresql(error, place)
    fail(sentence)  # outside: no traceback leads into frames that hold the password


class StatementCursor:
    """Runs a statement on PostgreSQL and gives its rows while they come.

    In a transaction that writes an error would end all of it, so that a savepoint stands before.
    """

    def __init__(self, session: Any, writes: bool) -> None:
        self.session, self.writes = session, writes
        self.description: Sequence[tuple[str]] = ()
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.rows: Iterator[Row] = iter(())
        self.is_guarded = False

    def execute(self, sql: str, values: Any = None) -> None:
        text = with_percentiles(psycopg.ClientCursor(self.session).mogrify(sql, values))
        self.guard(text)
        results = self.session.answers(text)
        first = next(results, None)
        if first is not None and first.nfields:
            names = [first.fname(place).decode() for place in range(first.nfields)]
            tables = [first.ftable(place) for place in range(first.nfields)]
            self.description = [(name,) for name in self.spelled(names, tables, text)]
            self.rows = self.read(first, results)
            return
        for _ in results:
            pass
        self.rowcount = (first and first.command_tuples) or 0
        if self.rowcount and self.is_guarded and INSERTS.match(text):
            self.note_number()

    def executemany(self, sql: str, rows: Iterable[Any]) -> None:
        texts = [psycopg.ClientCursor(self.session).mogrify(sql, row) for row in rows]
        self.rowcount = 0
        for text in texts:
            self.guard(text)
            self.rowcount += sum(
                result.command_tuples or 0 for result in self.session.answers(text)
            )

    def guard(self, text: str) -> None:
        is_open = self.writes and self.session.in_transaction
        if is_open and not self.is_guarded and not CONTROLS.match(text):
            self.session.run("SAVEPOINT statement")
            self.is_guarded = True

    def note_number(self) -> None:
        """Note the number that an INSERT was given, if it was given one."""
        self.session.run("RELEASE SAVEPOINT statement", "SAVEPOINT statement")
        with suppress(psycopg.errors.ObjectNotInPrerequisiteState):  # none was given yet
            ((number,),) = self.session.ask("SELECT lastval()")
            if number != self.session.number:
                self.lastrowid = self.session.number = number

    def read(self, first: Any, results: Iterator[Any]) -> Iterator[Row]:
        transformer = psycopg.adapt.Transformer(self.session)
        with closing(results):  # type: ignore[type-var]
            for number, result in enumerate(chain([first], results)):
                transformer.set_pgresult(result, set_loaders=number == 0)
                yield from transformer.load_rows(0, result.ntuples, tuple)
                self.rowcount = result.command_tuples or 0

    def spelled(self, names: Sequence[str], tables: Sequence[int], text: str) -> list[str]:
        """Return names as on the other engines, where PostgreSQL gives small letters."""
        if not any(map(str.islower, names)):
            return list(names)
        written = {word[1].lower(): word[1] for word in NAMED.finditer(TEXTS.sub(" ", text))}
        writes_id = re.search(r"\bId\b", text)
        return [
            written.get(name)
            or ("Id" if name == "id" and (table or writes_id) and self.session.is_store else name)
            for name, table in zip(names, tables, strict=True)
        ]

    def close(self) -> None:
        """Leave the statement, and undo it if it failed."""
        if isinstance(self.rows, Generator):
            self.rows.close()
        if self.is_guarded and self.session.in_transaction:
            if self.session.is_broken and self.session.state[:2] == "40":
                self.session.run("ROLLBACK")  # a deadlock ends it all, or others still wait
                return
            if self.session.is_broken:
                self.session.run("ROLLBACK TO SAVEPOINT statement")
            self.session.run("RELEASE SAVEPOINT statement")


def rows_of(session: Any, result: Any) -> list[Row]:
    transformer = psycopg.adapt.Transformer(session)
    transformer.set_pgresult(result)
    rows: list[Row] = transformer.load_rows(0, result.ntuples, tuple)
    return rows


CONTROLS = re.compile(
    r"[\s(]*(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION)\b",
    re.I,
)
INSERTS = re.compile(r"[\s(]*INSERT\b", re.I)
NAMED = re.compile(rf"\bAS\s+({WORD})", re.I)


class TextLoader:
    """Gives a value as PostgreSQL writes it. https://www.psycopg.org/psycopg3/docs/api/abc.html"""

    format = 0  # text

    def __init__(self, oid: int, context: Any = None) -> None:
        pass

    def load(self, data: Any) -> Any:
        return bytes(data).decode()


class NumberLoader(TextLoader):
    """Gives a SUM or an AVG as SQLite does."""

    def load(self, data: Any) -> int | float:
        return number(bytes(data).decode())


class FlagLoader(TextLoader):
    """Gives truth as SQLite does, by 0 and 1."""

    def load(self, data: Any) -> int:
        return int(bytes(data) == b"t")


class ZonedLoader(TextLoader):
    """Gives a time with a zone in UTC without."""

    def load(self, data: Any) -> datetime | str:
        text = bytes(data).decode()
        with suppress(ValueError):  # infinity
            return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
        return text


LOADERS: dict[str, Any] = {
    "numeric": NumberLoader,
    "bool": FlagLoader,
    "timestamptz": ZonedLoader,
    **dict.fromkeys(("json", "jsonb", "uuid", "inet", "cidr"), TextLoader),
}


def number(text: str) -> int | float:
    """Return a SUM or an AVG as SQLite gives it, where MySQL has decimals."""
    return float(text) if "." in text or not text[-1].isdigit() else int(text)


CONVERSIONS: Any = {**conversions, FIELD_TYPE.DECIMAL: number, FIELD_TYPE.NEWDECIMAL: number}
# The lexer takes a backslash for an escape, so the server has to.
PLAIN_MODE = "REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')"


# --- Errors ----------------------------------------------------------------------------------


def fail(sentence: str) -> NoReturn:
    raise sqlite3.OperationalError(sentence) from None


IN_CLEAR = " (DATABASE_SSL is off)"


def why_unreachable(error: Exception, place: Place) -> str:
    """Say in one sentence why there is no connection."""
    code, cause = error.args[0], getattr(error, "original_exception", None)
    user, database = place.url.username, place.url.database
    in_clear = IN_CLEAR if "ssl_disabled" in place.tls else ""
    if isinstance(cause, ssl.SSLError):
        why = getattr(cause, "verify_message", cause.reason)
        return f"{place} is not trusted: {why} (DATABASE_SSL_CA names the roots to trust)"
    sentences = {
        1044: f"{user} may not use the database {database} on {place}",
        1045: f"{place} refused {user}: wrong password, or unknown user{in_clear}",
        1049: f"there is no database {database} on {place}",
        1698: f"{place} refused {user}: its login there takes no password",
        2003: f"{place} cannot be reached: {cause}",
        2013: f"{place} hung up, or did not answer in time",
        2026: f"{place} offers no TLS, and nothing is sent without it",
        3159: f"{place} takes nothing but TLS, and DATABASE_SSL is off",
    }
    return sentences.get(code, f"{place} cannot be used: {error.args[-1]}")


OVER_LIMIT = {1317, 1969, 3024}  # interrupted, and the limit in MariaDB's and MySQL's words
LOST = {1053, 1927, 2006, 2013, 4031}  # shut down, killed, gone twice, idle for too long
AGAIN = "the next statement connects again"
UNDONE = f"the server closed the connection and undid the open transaction; {AGAIN}"
FORGOTTEN = f"the server closed the connection and forgot what SET, USE and the like did; {AGAIN}"
READ_ONLY = 1792  # what a server says in a read-only transaction
CHANGED = 1412
SNAPSHOT_IS_CHANGED = "a migration changed a table since the snapshot began"
NO_TABLE = 1146
CONSTRAINTS = {1364, 3819, 4025}  # no default; CHECK in MySQL, and in MariaDB


def as_sqlite3(error: pymysql.Error, limit: float) -> sqlite3.Error:
    """Return a server's error as the one that sqlite3 would raise."""
    code, text = error.args[0], error.args[-1]
    if code in OVER_LIMIT:
        return over_limit(limit)
    if code in LOST:
        return sqlite3.OperationalError(f"{text}; what was open went with it, and {AGAIN}")
    if code == CHANGED:
        return sqlite3.OperationalError(SNAPSHOT_IS_CHANGED)
    kind = getattr(sqlite3, type(error).__name__)
    if kind is sqlite3.ProgrammingError:  # in sqlite3 that is misuse of Python's side
        kind = sqlite3.OperationalError
    found: sqlite3.Error = (sqlite3.IntegrityError if code in CONSTRAINTS else kind)(text)
    return found


def why_no_postgresql(error: Exception, place: Place) -> str:
    """Say in one sentence why there is no connection; libpq gives only its own text."""
    text, user, database = str(error), place.url.username, place.url.database
    in_clear = IN_CLEAR if place.tls["sslmode"] == "disable" else ""
    reasons = {
        "certificate": f"{place} is not trusted: {first_reason(text)}"
        " (DATABASE_SSL_CA names the roots to trust)",
        "server does not support SSL": f"{place} offers no TLS, and nothing is sent without it",
        "no encryption": f"{place} does not let {user} in without TLS{in_clear}",
        "password authentication failed|no password supplied|role .* does not exist"
        "|not permitted to log in|no pg_hba.conf entry": f"{place} refused {user}: wrong password,"
        f" or unknown user{in_clear}",
        "permission denied for database": f"{user} may not use the database {database} on {place}",
        "database .* does not exist": f"there is no database {database} on {place}",
        "unsupported startup parameter": f"{place} is a pooler that refuses options: name the"
        " server itself, or set ignore_startup_parameters = options there",
        "timeout expired|server closed the connection": f"{place} hung up, or did not answer in"
        " time",
        "refused|could not translate|failed to resolve|Name or service|No such file|unreachable"
        "|connection failed: No": f"{place} cannot be reached: {first_reason(text)}",
    }
    found = (why for pattern, why in reasons.items() if re.search(pattern, text))
    return next(found, f"{place} cannot be used: {first_reason(text)}")


def first_reason(text: str) -> str:
    """Return what libpq says of the first address that it tried."""
    line = text.partition("\n")[0]
    return re.sub(r".*? failed: (?=[^c])", "", line.removeprefix("connection failed: "), count=1)


LOST_STATE = re.compile("57P|08(?!P01)")
KINDS_OF_STATES = {"23": sqlite3.IntegrityError, "22": sqlite3.DataError}
NO_RELATION = re.compile(r'relation "(.+)" does not exist')


def postgresql_as_sqlite3(error: Any, session: Any, limit: float) -> sqlite3.Error:
    """Return an error of PostgreSQL's as the one that sqlite3 would raise, without the row."""
    state = error.sqlstate or ""
    text = error.diag.message_primary or str(error).partition("\n")[0]
    if state == "57014":
        return over_limit(limit)
    if LOST_STATE.match(state) or not session.open:
        session.close()
        return sqlite3.OperationalError(f"{text}; what was open went with it, and {AGAIN}")
    if state == "42P01" and (named := NO_RELATION.search(text)):
        return sqlite3.OperationalError(f"no such table: {named[1]}")
    if error.diag.message_hint:
        text = f"{text}: {error.diag.message_hint}"
    if not state and isinstance(error, psycopg.DataError):
        return sqlite3.DataError(text)
    return KINDS_OF_STATES.get(state[:2], sqlite3.OperationalError)(text)


def with_suggestion(text: str, tables: Sequence[str]) -> str:
    """Return an error about a table that is not there, with the one that may be meant."""
    named = re.search(r"(\w+)(?:' doesn't exist)?\Z", text)
    word = named[1].lower() if named else ""
    tables = [name for name in tables if name not in INTERNAL]
    alike = [name for name in tables if word and (word in name or name in word)]
    near = sorted(alike, key=len)[:1] or get_close_matches(word, tables, 1)
    return (
        f"{text}: did you mean {near[0]}?" if near else f"{text}: SHOW TABLES lists those there are"
    )


def over_limit(limit: float) -> sqlite3.OperationalError:
    sentence = f"interrupted: a statement may take {limit:g} s (connector(limit=...))"
    return sqlite3.OperationalError(sentence)


# --- Where the database is -------------------------------------------------------------------

Layers = list[tuple[Mapping[str, str], Path]]
BACKENDS = ("sqlite", "mysql", "mariadb", "postgresql")
DEFAULT_URL = "sqlite:///data/shark_dashboard.db"


class Secret(str):
    """A text that a traceback does not show among its variables."""

    def __repr__(self) -> str:
        return "'***'"


class Place(NamedTuple):
    """Where the database is, and what to reach it with."""

    url: URL  # without its password; an SQLite path is absolute
    password: Secret
    tls: Mapping[str, Any]  # arguments for the driver

    @property
    def backend(self) -> str:
        return self.url.get_backend_name()

    def __str__(self) -> str:
        if self.backend == "sqlite":
            return str(self.url.database)
        if self.backend == "postgresql":
            found = postgresql_hosts(self.url)
            pairs = zip(found["host"].split(","), found["port"].split(","), strict=True)
            return " or ".join(f"{host or 'localhost'}:{port}" for host, port in pairs)
        return f"{self.url.host or 'localhost'}:{self.url.port or 3306}"


def find_place(password: str | None, url: str | URL | None, write: bool) -> Place:
    """Find the database from arguments, environment and `.env`. Raises sqlite3.OperationalError."""
    layers = read_layers()
    folder = Path.cwd()
    for name in ("DATABASE_URL",) if write else ("DATABASE_READ_URL", "DATABASE_URL"):
        if not url:
            url, folder = setting(layers, name)
    found = parse_url(url or DEFAULT_URL)
    if found is None or found.get_backend_name() not in BACKENDS:
        others = "mysql+pymysql://user@host/name or postgresql+psycopg://user@host/name"
        fail(f"the database's URL is not like {DEFAULT_URL}, {others}")
    if found.get_backend_name() == "sqlite":
        path = (folder / (found.database or "")).absolute()
        return Place(URL.create("sqlite", database=str(path)), Secret(), {})
    if password is None:
        password = found.password or setting(layers, "DATABASE_PASSWORD")[0]
    switch, _ = setting(layers, "DATABASE_SSL")
    ca, folder = setting(layers, "DATABASE_SSL_CA")
    switch, roots = (switch or "on").lower(), folder / ca if ca else None
    if found.get_backend_name() == "postgresql":
        if importlib.util.find_spec("psycopg") is None:
            fail("PostgreSQL needs psycopg here: pip install 'psycopg[binary]'")
        elsewhere = (
            host for host in postgresql_hosts(found)["host"].split(",") if not is_here(host)
        )
        tls = postgresql_tls_arguments(next(elsewhere, None), switch, roots)
        bare = found._replace(drivername="postgresql+psycopg", password=None)
    else:
        tls = tls_arguments(found.host, switch, roots)
        bare = found._replace(drivername="mysql+pymysql", password=None)
    return Place(bare, Secret(password or ""), tls)


def parse_url(url: str | URL) -> URL | None:
    with suppress(ArgumentError, ValueError):  # their texts may repeat it, with its password
        found = make_url(url)
        # What PostgreSQL's programs and many providers write.
        is_short = found.drivername == "postgres"
        return found.set(drivername="postgresql") if is_short else found
    return None


def read_layers() -> Layers:
    """Return settings, the strongest first, each with the folder its paths start from."""
    here, beside = Path.cwd(), Path(__file__).absolute().parent
    folder = next((folder for folder in (here, beside) if (folder / ".env").is_file()), None)
    layers: Layers = [(os.environ, here)]
    return [*layers, (parse_dotenv(read_file(folder / ".env")), folder)] if folder else layers


def setting(layers: Layers, name: str) -> tuple[str | None, Path]:
    """Return a setting, or what the file holds that NAME_FILE names, and its folder."""
    for values, folder in layers:
        if text := values.get(name):
            return text, folder
        if file := values.get(f"{name}_FILE"):
            return read_file(folder / file).rstrip("\r\n"), folder
    return None, Path.cwd()


def read_file(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")


ASSIGNMENT = re.compile(
    r"""^ [ \t]* (?:export[ \t]+)? (\w+) [ \t]* = [ \t]*
    (?: "((?:[^"\\]|\\.)*)" | '((?:[^'\\]|\\.)*)' | (.*?) )
    [ \t]* (?: (?<=["'\s]) \#.* )? $""",
    re.MULTILINE | re.VERBOSE,
)


def parse_dotenv(text: str) -> dict[str, str]:
    """Return the variables of a `.env` file; `$` is an ordinary letter, for passwords' sake."""
    return {
        name: Secret(plain or re.sub(r"\\([\\'\"])", r"\1", double or single))
        for name, double, single, plain in ASSIGNMENT.findall(text)
    }


def tls_arguments(host: str | None, switch: str, ca: Path | None) -> dict[str, Any]:
    """Return PyMySQL's arguments: another machine is reached over TLS, certificate and name
    verified, unless DATABASE_SSL is `off`."""
    if switch not in ("on", "off"):
        fail("DATABASE_SSL is neither on nor off")
    if switch == "off":
        return {"ssl_disabled": True}
    if is_loopback(host):
        return {}
    try:
        return {"ssl": ssl.create_default_context(cafile=ca)}
    except OSError as error:
        fail(f"DATABASE_SSL_CA: {ca} holds no certificates that can be read: {error.strerror}")


# libpq finds no roots in psycopg's wheel, whose OpenSSL looks elsewhere.
ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def postgresql_tls_arguments(host: str | None, switch: str, ca: Path | None) -> dict[str, Any]:
    """Return psycopg's arguments, by the same rule."""
    if "ssl_disabled" in (checked := tls_arguments(host, switch, ca)):
        return {"sslmode": "disable"}
    if not checked:
        return {"sslmode": "prefer"}
    known = (ssl.get_default_verify_paths().cafile, *ROOTS)
    roots = ca or next((name for name in known if name and Path(name).exists()), None)
    if roots is None:
        fail("no file of the system's certificates was found: DATABASE_SSL_CA names one")
    return {"sslmode": "verify-full", "sslrootcert": str(roots)}


SERVERS = {"read-write": "primary", "read-only": "standby"}  # a reader's sessions are all read-only


def postgresql_hosts(url: URL, write: bool = False) -> dict[str, str]:
    """Return libpq's arguments for a URL's hosts, of which it takes the first that answers.

    One may be a folder with a socket: `?host=/run/postgresql`. Several are `?host=a:5432&host=b`,
    or `?host=a,b&port=5432,5433`; `target_session_attrs` may say which of them is meant.
    """
    named_hosts = ",".join(values_of(url, "host")).split(",")
    hosts = [unquote(url.host)] if url.host else named_hosts
    ports = ",".join(values_of(url, "port") or [str(url.port or 5432)]).split(",")
    pairs = []
    for place, host in enumerate(hosts):
        named = re.fullmatch(r"(\[.*\]|[^:]*):(\d*)", host)
        port = named[2] if named else ports[min(place, len(ports) - 1)]
        pairs.append(((named[1] if named else host).strip("[]"), port or "5432"))
    target = [
        one if write else SERVERS.get(one, one) for one in values_of(url, "target_session_attrs")
    ]
    return {
        "host": ",".join(host for host, _ in pairs),
        "port": ",".join(port for _, port in pairs),
        **dict(zip(["target_session_attrs"], target, strict=False)),
    }


def values_of(url: URL, name: str) -> list[str]:
    """Return the values of a name in a URL's query, where it may stand often."""
    given = url.query.get(name, ())
    return [given] if isinstance(given, str) else list(given)


def is_here(host: str) -> bool:
    """Tell whether a host is this machine, or a folder with a socket, or none, which is either."""
    return not host or host.startswith("/") or is_loopback(host)


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine: only then may the connection be in clear."""
    if host is None or host.lower() == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
