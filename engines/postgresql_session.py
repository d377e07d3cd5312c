"""A session with PostgreSQL: settings, DDL, and an end to every wait.

psycopg has no read timeout of its own: a query to a server that is frozen was waited for as long
as it was, 20 s, with all of libpq's time limits at 1 or 2 s. They are for networks that are
silent, and a frozen server's acknowledges.
"""

import logging
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy import Connection

from engines import deadline
from engines.bulk.postgresql_sending import SendingConnection
from engines.kind import LOCK_WAIT_SECONDS, READ_SECONDS, ListView, Login
from engines.password_command import CommandFailed, fetched

IDLE_SECONDS = 600  # for which a transaction of a client that is gone may keep its locks
WAIT_SECONDS = 2
"""A statement that waits for a table lets nobody else begin to read it meanwhile: so it gives up,
lets them pass, and comes again. https://www.postgresql.org/docs/current/explicit-locking.html"""

BEGIN_SESSION = """SELECT pg_backend_pid(), {},
(SELECT set_config('random_page_cost', '1.1', false) FROM pg_settings
WHERE name = 'random_page_cost' AND source = 'default')"""
"""Sets a session up at once. Not by `options` of the login: a pooler refuses or drops those.

Pages are near, so that a session takes indexes that lead to rows all over a table: those of a
repository, a branch, a run. The default cost, 4, is a disk's whose arm moves: by it all jobs of the
days are looked through, and for the roll-ups of one day the whole of a big table
(docs/decisions/0079). Whoever set another value, for a role or all, is followed.
"""
FIELDS = {"number": "BIGINT", "text": "CITEXT", "word": "CITEXT", "time": "TIMESTAMP"}
MAKE_VIEW = """DO $make$
DECLARE owner regrole; rights aclitem[]; one record; others text;
BEGIN
    CREATE OR REPLACE VIEW {view};
EXCEPTION WHEN invalid_table_definition THEN
    SELECT relowner::regrole, relacl INTO owner, rights FROM pg_class
        WHERE oid = '{name}'::regclass;
    BEGIN
        DROP VIEW {name};
    EXCEPTION WHEN dependent_objects_still_exist THEN
        GET STACKED DIAGNOSTICS others = PG_EXCEPTION_DETAIL;
        RAISE EXCEPTION 'view {name} gets other columns, and %: drop that, run'
            ' python3 local-database.py -i, and make it anew', others;
    END;
    CREATE VIEW {view};
    EXECUTE format('ALTER VIEW {name} OWNER TO %s', owner);
    FOR one IN SELECT * FROM aclexplode(rights) LOOP
        EXECUTE format('GRANT %s ON {name} TO %s', one.privilege_type,
            CASE one.grantee WHEN 0 THEN 'PUBLIC' ELSE one.grantee::regrole::text END);
    END LOOP;
END $make$"""
"""REPLACE alone refuses a view whose columns have other types, names or another order; a view that
is made anew keeps its owner and who may read it."""
GRACE_SECONDS = 0.5
"""By which the server's own limit (statement_timeout) comes sooner, and tells more."""


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether a line of psycopg's says more than the error that is raised at that place.

    A delivery that comes again, which an index refuses, would be a warning each time.
    """
    return not record.msg.startswith("error ignored terminating")


logging.getLogger("psycopg").addFilter(is_news)


class TimedConnection(SendingConnection):
    """A connection whose waits end, sooner as the deadline comes nearer."""

    seconds: float = 0
    is_pooled = False
    """Whether a pooler stands between: the server's process is not the one that it said."""

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


def settings(login: Login) -> dict[str, str]:
    """Return the settings that every session begins with, whatever its role or database has."""
    return {
        "TimeZone": "UTC",
        "lock_timeout": f"{LOCK_WAIT_SECONDS}s",
        "statement_timeout": f"{round(login.read_seconds * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        # A backslash in a text of a statement is itself, and a type's name comes as SQLAlchemy
        # knows it.
        "standard_conforming_strings": "on",
        "quote_all_identifiers": "off",
        # A delivery finds rows by a few keys, and for so few a plan made anew for these values
        # always seems to be worth its making: as long as it then runs (docs/decisions/0079).
        "plan_cache_mode": "auto" if login.read_seconds > READ_SECONDS else "force_generic_plan",
    }


def begin_session(login: Login, connection: Any, _: Any) -> None:
    """Set a new session up.

    Behind a pooler nothing is prepared by name: PgBouncer before 1.21 gives the next transaction
    to a server's session in which that name may be another's statement.
    """
    given = settings(login).items()
    each = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in given)
    answer = connection.execute(BEGIN_SESSION.format(each)).fetchone()
    connection.commit()
    if answer[0] != connection.pgconn.backend_pid:
        connection.is_pooled = True
        connection.prepare_threshold = None


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
    view = f"{name} WITH (security_invoker = true) AS {query}"
    return (MAKE_VIEW.format(name=name, view=view),)


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
