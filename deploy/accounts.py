"""The SQL that makes Runledger's accounts, from the tables there are: `make docs` writes it.

Readers get each table by name: what a body holds is for nobody who only reads. The listener gets
the whole database, so that an upgrade's new tables need no grant before it can go on writing.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from schema.tables.ci import metadata
from schema.tables.views import NAMES

FOLDER = Path(__file__).resolve().parent
SECRET = {("deliveries", "body"), ("deliveryparts", "body")}
"""Raw deliveries: they hold whatever GitHub sends, e-mail addresses too."""
READERS = ("runledger_analyst", "runledger_dashboard")

HEAD = """\
-- The accounts of Runledger on {name}. Written by `make docs` from the tables; do not edit a copy
-- that you will want to update: edit the four passwords, here or later by ALTER USER.
--
-- Run it as an administrator, in the database of the tables, once the schema is there
-- (python3 local-database.py -i), and again after each upgrade. It may be run any number of times.
--
--   {command} < deploy/accounts-{engine}.sql
--
-- runledger_listener    DATABASE_URL of listener and backfill: writes rows. No DDL, no FILE
-- runledger_analyst     DATABASE_READ_URL of analysts: reads all but raw deliveries
-- runledger_dashboard   DATABASE_READ_URL of the pages: likewise
-- runledger_migrations  DATABASE_MIGRATE_URL, for -i alone
--
{note}
"""


class Server(NamedTuple):
    """What the file of one engine says differently: its name, a reader's limits, a note."""

    name: str
    limits: str
    note: str
    command: str = "mysql -h HOST -u ADMIN -p shark_dashboard_db"


SERVERS = {
    "mysql": Server(
        "MySQL 8.4 or later, Azure Database for MySQL",
        "MAX_USER_CONNECTIONS 20",
        """\
-- MySQL has no limit for the time of an account's statements: connector and pages set theirs in
-- each session. For other clients: SET PERSIST max_execution_time = 60000 (a server parameter on
-- Azure), which stops SELECTs only. With Entra ID, make the users by CREATE AADUSER and keep the
-- GRANTs.
""",
    ),
    "mariadb": Server(
        "MariaDB 10.11 or later",
        "MAX_USER_CONNECTIONS 20 MAX_STATEMENT_TIME 60",
        """\
-- A reader's statement ends after 60 seconds.
""",
    ),
    "postgresql": Server(
        "PostgreSQL 15 or later, Azure's too",
        "CONNECTION LIMIT 20",
        """\
-- The administrator is one who may make roles (azure_pg_admin on Azure) and owns the tables, or a
-- superuser; the tables pass to runledger_migrations, since only an owner may change them. That
-- connections are encrypted is said in pg_hba.conf (hostssl; Azure's require_secure_transport). A
-- reader's statement ends after 60 seconds, which its session may change: the fence is the rights.
""",
        "psql -v ON_ERROR_STOP=1 -h HOST -U ADMIN shark_dashboard_db",
    ),
}
ROWS = "SELECT, INSERT, UPDATE, DELETE"
OWNER = (
    f"{ROWS}, CREATE, ALTER, INDEX, DROP, REFERENCES,"
    " CREATE VIEW, SHOW VIEW, CREATE TEMPORARY TABLES, LOCK TABLES"
)


def sql(engine: str) -> str:
    """Return the file for an engine."""
    server = SERVERS[engine]
    head = HEAD.format(name=server.name, engine=engine, note=server.note, command=server.command)
    made = of_postgresql() if engine == "postgresql" else statements(engine)
    return head + "".join(f"{statement};\n" for statement in made)


def statements(engine: str) -> Iterator[str]:
    """Yield the statements; tables are those of the default database."""
    limits = {
        "runledger_listener": "MAX_USER_CONNECTIONS 0",
        "runledger_migrations": "MAX_USER_CONNECTIONS 5",
        **dict.fromkeys(READERS, SERVERS[engine].limits),
    }
    for number, (account, limit) in enumerate(sorted(limits.items()), 1):
        yield f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY 'CHANGE-ME-{number}'"
        yield f"ALTER USER {account} REQUIRE SSL WITH {limit}"
    yield f"GRANT {ROWS} ON * TO runledger_listener"
    yield f"GRANT {OWNER} ON * TO runledger_migrations"
    for account in READERS:
        for name in sorted(metadata.tables):
            yield f"GRANT {readable(name)} ON {name} TO {account}"
        for name in ("alembic_version", *NAMES):
            yield f"GRANT SELECT ON {name} TO {account}"


def of_postgresql() -> Iterator[str]:
    """Yield PostgreSQL's statements, in the schema `public` of the database that is connected."""
    yield from roles("PASSWORD 'CHANGE-ME-{number}'")
    yield from rights()


def roles(password: str = "") -> Iterator[str]:
    """Yield what makes PostgreSQL's accounts, and what they may before there is a table.

    `password` is a clause; without it nobody can log in over the network yet.
    """
    limits = {
        "runledger_listener": "CONNECTION LIMIT -1",
        "runledger_migrations": "CONNECTION LIMIT 5",
        **dict.fromkeys(READERS, SERVERS["postgresql"].limits),
    }
    for number, (account, limit) in enumerate(sorted(limits.items()), 1):
        make = f"CREATE ROLE {account} LOGIN {password.format(number=number)}".rstrip()
        yield do(f"IF to_regrole('{account}') IS NULL THEN {make}; END IF;")
        yield f"ALTER ROLE {account} {limit}"
    for account in READERS:
        yield f"ALTER ROLE {account} SET statement_timeout = '60s'"
        yield f"ALTER ROLE {account} SET default_transaction_read_only = on"
    names = ", ".join(sorted(limits))
    for right, whom in (
        ("REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM", "PUBLIC"),
        ("GRANT CONNECT ON DATABASE %I TO", names),
        ("GRANT TEMPORARY ON DATABASE %I TO", "runledger_listener, runledger_migrations"),
    ):
        yield do(f"EXECUTE format('{right} {whom}', current_database());")
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {names}"
    yield "GRANT CREATE ON SCHEMA public TO runledger_migrations"
    yield "GRANT runledger_migrations TO CURRENT_USER"
    own = "ALTER DEFAULT PRIVILEGES FOR ROLE runledger_migrations IN SCHEMA public"
    yield f"{own} GRANT {ROWS} ON TABLES TO runledger_listener"


def rights() -> Iterator[str]:
    """Yield what PostgreSQL's accounts may with each table; its owner may say so."""
    for name in (*sorted(metadata.tables), "alembic_version", *NAMES):
        yield f"ALTER TABLE {name} OWNER TO runledger_migrations"
        yield f"GRANT {ROWS} ON {name} TO runledger_listener"
        right = readable(name) if name in metadata.tables else "SELECT"
        yield f"GRANT {right} ON {name} TO {', '.join(READERS)}"


def do(block: str) -> str:
    """Return a statement of PostgreSQL's that runs a block."""
    return f"DO $$BEGIN {block} END$$"


def readable(name: str) -> str:
    """Return the right to read a table, but for what is secret in it."""
    columns = [column.name for column in metadata.tables[name].columns]
    open_ones = [column for column in columns if (name, column) not in SECRET]
    return "SELECT" if open_ones == columns else f"SELECT ({', '.join(open_ones)})"


def files() -> dict[Path, str]:
    """Return the files with their text."""
    return {FOLDER / f"accounts-{engine}.sql": sql(engine) for engine in SERVERS}
