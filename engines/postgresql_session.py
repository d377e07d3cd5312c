"""A session with PostgreSQL: TLS, settings, promises, DDL, and an end to every wait.

psycopg has no read timeout of its own: a query to a server that is frozen was waited for as long
as it was, 20 s, with all of libpq's time limits at 1 or 2 s. They are for networks that are
silent, and a frozen server's acknowledges.
"""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy import URL, Connection, text

from engines import deadline
from engines.kind import LOCK_WAIT_SECONDS, ListView, Login, Promise, is_loopback
from engines.password_command import CommandFailed, fetched

IDLE_SECONDS = 600  # for which a transaction of a client that is gone may keep its locks
ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
# https://www.postgresql.org/docs/current/runtime-config-wal.html
DURABLE = {
    "fsync": (("on",), "must be on, or a crash loses what was answered with 2xx"),
    "synchronous_commit": (
        ("on", "local", "remote_write", "remote_apply"),
        "must not be off, or a crash loses what was answered with 2xx",
    ),
    "full_page_writes": (("on",), "must be on, or a crash may leave pages that are half written"),
}
WAIT_SECONDS = 2
"""A statement that waits for a table lets nobody else begin to read it meanwhile: so it gives up,
lets them pass, and comes again. https://www.postgresql.org/docs/current/explicit-locking.html"""

NEAR_PAGES = """SELECT set_config('random_page_cost', '1.1', false) FROM pg_settings
WHERE name = 'random_page_cost' AND source = 'default'"""
"""Lets a session take indexes that lead to rows all over a table: those of a repository, a branch,
a run. The default, 4, is a disk's whose arm moves: by it all jobs of the days are looked through,
and for the roll-ups of one day the whole of a big table (docs/decisions/0079). Whoever set another
value, for a role or all, is followed.
"""

FIELDS = {"number": "BIGINT", "text": "CITEXT", "word": "CITEXT", "time": "TIMESTAMP"}
GRACE_SECONDS = 0.5
"""By which the server's own limit (statement_timeout) comes sooner, and tells more."""


class HoldingCursor(psycopg.Cursor[Any]):
    """Runs what its connection held back before its own statement, in one round trip."""

    def execute(self, *given: Any, **options: Any) -> Any:
        """Run a statement."""
        with self.connection.running_held():  # type: ignore[attr-defined] # ours
            return super().execute(*given, **options)

    def executemany(self, *given: Any, **options: Any) -> None:
        """Run a statement for many rows."""
        with self.connection.running_held():  # type: ignore[attr-defined] # ours
            super().executemany(*given, **options)

    def copy(self, *given: Any, **options: Any) -> Any:
        """Begin a COPY, which takes no part in a pipeline."""
        with self.connection.running_held():  # type: ignore[attr-defined] # ours
            pass
        return super().copy(*given, **options)


class TimedConnection(psycopg.Connection[Any]):
    """A connection whose waits end, sooner as the deadline comes nearer.

    Statements whose answer nobody needs yet are held back, and go together with the next one, or
    with the COMMIT, which follows none that failed: a server skips what follows an error in a
    pipeline. https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
    """

    seconds: float = 0
    held: list[Callable[[], object]]

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.held = []
        self.cursor_factory = HoldingCursor

    @contextmanager
    def running_held(self) -> Iterator[None]:
        """Run what was held back, and the block, in one round trip; all that was held may fail."""
        if not self.held:
            yield
            return
        held, self.held = self.held, []
        with self.pipeline():
            for run in held:
                run()
            yield

    def commit(self) -> None:
        """End the transaction."""
        with self.running_held():
            super().commit()

    def forget_held(self) -> None:
        """Send nothing of what was held back."""
        self.held.clear()

    def rollback(self) -> None:
        """End the transaction, without what was held back."""
        self.forget_held()
        super().rollback()

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for what a generator of psycopg's waits for. Raises OperationalError when late.

        The connection is closed then: nobody knows how far the server came.
        """
        if not self.seconds:  # still connecting
            return super().wait(gen, interval, timeout)
        longest = deadline.at_most(self.seconds + GRACE_SECONDS)
        try:
            return super().wait(gen, interval, min(longest, timeout or longest))
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from None


def open_connection(
    seconds: float, _: Any, __: Any, arguments: Any, parameters: dict[str, Any]
) -> TimedConnection:
    """Connect for SQLAlchemy's `do_connect`, to a connection that waits so long for an answer."""
    connection = TimedConnection.connect(*arguments, **parameters)
    connection.seconds = seconds
    return connection


def asked(command: str, *given: Any) -> None:
    """Give a new connection the password that a command prints."""
    try:
        fetched(command, *given)
    except CommandFailed as error:
        raise psycopg.OperationalError(str(error)) from None


def options(login: Login) -> str:
    """Return the settings that every session begins with."""
    settings = {
        "TimeZone": "UTC",
        "lock_timeout": f"{LOCK_WAIT_SECONDS}s",
        "statement_timeout": f"{round(login.read_seconds * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def take_pages_for_near(connection: Any, _: Any) -> None:
    """Let a session's plans go by indexes, unless somebody has said otherwise."""
    connection.execute(NEAR_PAGES)
    connection.commit()


def encryption(place: URL, login: Login) -> dict[str, str]:
    """Return what libpq is told of TLS. Raises OSError when the roots cannot be read."""
    if not login.tls:
        return {"sslmode": "disable"}
    if all(is_here(host) for host in hosts(place)):
        return {"sslmode": "prefer"}
    # libpq's own `system` finds no roots in the binary wheel, whose OpenSSL looks elsewhere.
    defaults = ssl.get_default_verify_paths().cafile, *ROOTS
    there = (name for name in defaults if name and Path(name).exists())
    roots = login.ssl_ca or next(there, None)
    if roots is None:
        raise FileNotFoundError("no file of the system's certificates: DATABASE_SSL_CA names one")
    ssl.create_default_context(cafile=roots)  # libpq says nothing of a file that it cannot read
    return {"sslmode": "verify-full", "sslrootcert": roots}


def hosts(place: URL) -> list[str | None]:
    """Return the hosts that a URL may lead to."""
    named = [place.host] if place.host else []
    for name in ("host", "hostaddr"):
        given = place.query.get(name, ())
        for value in (given,) if isinstance(given, str) else given:
            named += [one.rpartition(":")[0] or one for one in value.split(",")]
    return [*named] or [None]


def is_here(host: str | None) -> bool:
    """Tell whether a host is this machine, or a folder with a socket."""
    return is_loopback(host) or str(host).startswith("/")


def durability(connection: Connection) -> list[Promise]:
    """Return what the server, or this session of it, promises about a commit."""
    query = f"SELECT {', '.join(f'current_setting({name!r})' for name in DURABLE)}"
    values = connection.execute(text(query)).one()
    return [
        Promise(name, value, "" if value in good else f"{value} {why}")
        for (name, (good, why)), value in zip(DURABLE.items(), values, strict=True)
    ]


def cipher(connection: Connection) -> str:
    """Return how the connection is encrypted; empty when it is not."""
    query = "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    return str(connection.execute(text(query)).scalar() or "")


def allow_ddl(connection: Connection) -> None:
    """Let no statement of this connection wait longer than WAIT_SECONDS for a table."""
    connection.exec_driver_sql(f"SET lock_timeout = '{WAIT_SECONDS}s'")
    connection.exec_driver_sql("SET statement_timeout = 0")
    connection.commit()


def allow_null(connection: Connection, table: str, columns: Sequence[str]) -> None:
    """Change the columns in place."""
    changes = ", ".join(f"ALTER COLUMN {name} DROP NOT NULL" for name in columns)
    connection.exec_driver_sql(f"ALTER TABLE {table} {changes}")


def make_view(name: str, query: str) -> tuple[str, ...]:
    """Return the statement that makes a view, or makes it anew."""
    return (f"CREATE OR REPLACE VIEW {name} WITH (security_invoker = true) AS {query}",)


def list_view(view: ListView) -> tuple[str, ...]:
    """Return the statement that makes a view of a list's items, or makes it anew."""
    own = (f"{view.table}.{column}" for column in view.columns)
    items = (f"item.{name}" for name in view.fields)
    fields = (f"{name} {FIELDS[kind]}" for name, kind in view.fields.items())
    # CAST, because a colon before a name is SQLAlchemy's.
    items_of = f"CAST(NULLIF(CAST({view.table}.{view.column} AS TEXT), '') AS JSON)"
    return make_view(
        view.name,
        f"SELECT {', '.join((*own, *items))} FROM {view.table},"  # noqa: S608 - names of ours
        f" json_to_recordset({items_of}) AS item({', '.join(fields)})",
    )
