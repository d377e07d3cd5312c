"""The record of what the rest of the house asks of an engine, and the finding of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, Executable, Table, make_url

CONNECT_SECONDS = 3
READ_SECONDS = 3
LOCK_WAIT_SECONDS = 1
"""Below READ_SECONDS, or the client gives up on a lock that the server still waits for."""

DATA, LOCKS, ACCESS = "data", "locks", "access"
CONNECTION, CUT, GONE = "connection", "cut", "gone"
"""What can be at fault: faults.py says what helps."""


class Login(NamedTuple):
    """How a server is entered; a file needs the last two only.

    `read_seconds`: what one wait may take.
    """

    password: str | None = None
    password_command: str | None = None
    ssl_ca: str | None = None
    tls: bool = True
    read_seconds: float = READ_SECONDS
    cache_kib: int = 16_384
    """Pages of a file that a connection keeps in memory. With SQLite's own 2 MiB it reads most of
    them again for each batch of deliveries, which took a quarter more of the processor."""


AskedQuery = tuple[str, Any]
"""A SELECT as a driver takes it, and its values."""


class RawAnswer(NamedTuple):
    """What a driver gives for a SELECT: the description of its columns (PEP 249), and its rows."""

    description: Sequence[Sequence[Any]]
    rows: Sequence[Sequence[Any]]


class Promise(NamedTuple):
    """What a server says about the durability of a commit; `wrong` is empty when all is well."""

    name: str
    value: str
    wrong: str


class ListView(NamedTuple):
    """A view over the JSON lists in a column of a table: a row for each item.

    `columns` are the table's own; `fields` the items', each a `number`, `text`, `word` or `time`.
    """

    name: str
    table: str
    column: str
    columns: tuple[str, ...]
    fields: Mapping[str, str]


def pass_by(_: Connection) -> None:
    """Do nothing."""


@dataclass(frozen=True, eq=False)
class Kind:
    """An engine's answers: each differs between engines, and stands nowhere else.

    Compared by identity, so that statements can be kept by it at no cost.
    """

    name: str
    """What SQLAlchemy calls it; what a URL begins with."""
    drivers: frozenset[str]
    """The URL schemes that are understood."""
    example: str
    """A URL for people."""
    error: type[Exception]
    """What its driver's errors have in common."""
    connect: Callable[[URL, Login], Engine]
    """Return an engine, not connected yet, that `deadline` bounds. Raises OSError."""
    connect_reader: Callable[[URL, Login], Engine]
    """Likewise; its sessions cannot write, and see one moment. A file is never made."""
    limit: Callable[[float], str]
    """Return the statement after which those of a session end after so many seconds.

    Empty where a session looks at the deadline while it works.
    """
    insert_or: Callable[[Table, Sequence[str], Callable[[Any], list[tuple[str, Any]]]], Any]
    """Return an INSERT that assigns, in order, where the key is stored already."""
    post: Callable[[Connection, Executable, Sequence[Mapping[str, Any]]], None]
    """Run a statement of a transaction whose answer nobody needs, if possible without waiting.

    Its error is raised by the next statement that is not posted, or by the commit. Where errors
    are caught, read something before.
    """
    ask: Callable[[Connection, Sequence[AskedQuery], Callable[[], None] | None], list[RawAnswer]]
    """Return the answers to SELECTs, if possible all of them in one round trip; do something
    meanwhile, if possible while the server works on them. It may post a few rows."""
    now: Callable[[Connection], datetime]
    """Return the database's time in UTC without zone: the one clock that all replicas share."""
    fault: Callable[[Exception], str]
    """Return what is at fault in an error of the driver: one of the six words."""
    is_missing: Callable[[Exception, str], bool]
    """Tell whether an error says that a table, or all of the database, is not there."""
    allow_ddl: Callable[[Connection], None]
    """Set a session up to change tables that others refer to, or read just now."""
    allow_null: Callable[[Connection, str, Sequence[str]], None]
    """Let columns of a table without rows hold NULL that could not."""
    make_view: Callable[[str, str], tuple[str, ...]]
    """Return the statements that make a view of a SELECT, replacing an older one of its name."""
    list_view: Callable[[ListView], tuple[str, ...]]
    """Likewise of the items of a JSON list."""
    wait_for_connections: Callable[[Engine, Callable[[Callable[[], Any]], Any]], None]
    """Let a function make each new connection: it is given what makes one, to call again."""
    durability: Callable[[Connection], list[Promise]]
    """Return what the server, or this session of it, promises about a commit; of a file, whether
    it is whole."""
    cipher: Callable[[Connection], str]
    """Return how the connection is encrypted; empty when it is not."""
    next_number: Callable[[Connection, str], int]
    """Return the number that a table gives to its next row."""
    raise_number: Callable[[Connection, str, int], None]
    """Let a table give no number below this one; on MySQL it ends the transaction."""
    ask_ahead: (
        Callable[[Connection, Sequence[AskedQuery]], Callable[[], list[RawAnswer]]] | None
    ) = None
    """Send SELECTs of a transaction and go on; what is returned gives their answers, once another
    question was asked after them. None where each is waited for. Few rows answer them."""
    push: Callable[[Connection], None] = pass_by
    """Send what was posted and is held back for the next statement, so that a server works on it
    while that is made."""
    copy_beside: Callable[[URL], Path] | None = None
    """Copy the file before an upgrade and return the copy's path; None for a server."""
    copied: (
        Callable[[Engine, Mapping[str, str], Mapping[str, Any]], AbstractContextManager[Connection]]
        | None
    ) = None
    """Give a connection to a copy of rows of a file; None for a server, whose writers write beside
    each other."""
    log_bytes: Callable[[URL], int] | None = None
    """Return the bytes of the log beside the file; None for a server."""
    cut_log: Callable[[Engine], None] | None = None
    """Write a long log back and cut it, unless that has to wait; None for a server."""
    last_number: Callable[[Connection, str], int] | None = None
    """Return the last number that a table of a file gave; None for a server, which loses none."""
    workers: int | None = None
    """How many processes may write with profit; None for as many as there are processors."""
    seconds_between: Callable[[str, str], str] = "EXTRACT(EPOCH FROM ({1} - {0}))".format
    """Return SQL for the seconds from one time to another; this one is standard SQL's."""
    days_before: Callable[[str, int], str] = "({} - INTERVAL '{}' DAY)".format
    """Return SQL for so many days before a time, which compares as times of tables do."""
    groups_by_steps: bool = False
    """Whether GROUP BY steps down an index from value to value, and a MIN for each does not; nor is
    stepped down to a value that another row says to be the least, but that a statement says."""
    reads_by_key: bool = False
    """Whether rows of an index are read one by one, in its order, so that many of them are read
    quicker by stretches of the table's key. SQLite gains nothing; PostgreSQL sorts them itself."""
    finds_by_number: bool = False
    """Whether an INSERT that brings the number of a stored row finds that before it writes; else it
    writes a row, finds its key, and looks for what to take back in each index."""
    has_arrays: bool = False
    """Whether a list of values is bound as one, and LATERAL looks for each by itself."""
    joins_laterally: bool = False
    """Whether LATERAL is how a row is found that a subquery names.

    PostgreSQL reads all of the table otherwise; SQLite and MariaDB have no LATERAL.
    """
    dependency: str = ""
    """Statement that says that a column of a table follows from another; else it is taken that
    both together are rare, and all rows of one are read and sorted. Empty where an index tells."""
    message: Callable[[Exception], str] = str
    """Return what an error of the driver says, without anything of a row."""
    why_unfit: Callable[[Connection], str] | None = None
    """Return why a database cannot hold every text; empty when it can. None where all can."""
    extensions: tuple[str, ...] = ()
    """Statements that make what the types of columns need, before the first table."""
    ends_with_an_error: bool = False
    """Whether a statement that fails ends its transaction, or only itself."""
    finds_deadlocks: bool = False
    """Whether of two transactions that wait for each other one is ended at once, without a wait."""
    holds_nul: bool = True
    """Whether a text may hold U+0000."""
    deep_recursion: str = ""
    """Statement before a WITH RECURSIVE that may take many steps, and whose rows are put together
    to long texts; empty where it needs none.

    MariaDB returns a part of the rows after 1,000 steps, with a warning that nobody sees. It and
    MySQL cut a text that is put together, likewise.
    PostgreSQL reads all of a table in each step, unless the transaction's joins go by an index.
    """

    @property
    def is_file(self) -> bool:
        """Whether it is a file of ours, made by opening it."""
        return self.copy_beside is not None


ADDRESS = (str, URL)
"""Not `str | URL`, which is made anew at each use: `kind_of` is asked with every statement."""

MODULES = {name: f"engines.{name}" for name in ("sqlite", "mysql", "postgresql")}
MODULES["mariadb"] = MODULES["mysql"]
KINDS: dict[str, Kind] = {}
"""The engines that are in use, by name: a module puts its own here. One is imported when it is
asked for, since its driver and SQLAlchemy's dialect take memory and time."""


class UnknownEngine(ValueError):
    """A database of an engine that has no record; says which have one."""


def kind_of(place: Connection | Engine | URL | str) -> Kind:
    """Return the record of a connection's, an engine's or a URL's engine. Raises UnknownEngine.

    Only a connection tells what server a `mysql` URL leads to. Raises ArgumentError for a text
    that is no URL.
    """
    if isinstance(place, ADDRESS):
        name = make_url(place).get_backend_name()
    else:
        dialect = place.dialect
        name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    if name not in KINDS:
        if name not in MODULES:
            raise UnknownEngine(f"{name} is not supported: {examples()}")
        import_module(MODULES[name])
    return KINDS[name]


def examples() -> str:
    """Return a URL of each engine, for people."""
    return " or ".join(dict.fromkeys(kind_of(f"{name}://").example for name in MODULES))
