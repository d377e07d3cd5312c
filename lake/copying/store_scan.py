"""How DuckDB reads a store by itself: what attaches it, as `store` and only to be read."""

import ssl
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from config.lake_place import quoted
from engines import kind_of
from lake.catalog import literal

SCHEMA = """SELECT COALESCE((SELECT nspname FROM pg_class JOIN pg_namespace
ON pg_namespace.oid = relnamespace WHERE pg_class.oid = to_regclass('workflowruns')),
current_schema())"""


class Scan(NamedTuple):
    """The extension that reads a store, the statements that attach it, and its password."""

    extension: str
    statements: tuple[str, ...]
    password: str = ""


def scan_of(reader: Connection, folder: Path) -> Scan:
    """Return how DuckDB reads the store of a connection, for as long as `folder` is there.

    It enters a server as the connection did, whose password a command may have printed.
    """
    kind, driver = kind_of(reader), reader.connection.driver_connection
    if kind.is_file:
        query = "SELECT file FROM pragma_database_list WHERE name = 'main'"
        path = literal(str(reader.exec_driver_sql(query).scalar_one()))
        attach = f"ATTACH {path} AS store (TYPE sqlite, READ_ONLY)"
        # Two threads share one connection's locks: half as much again of the processor.
        return Scan("sqlite_scanner", ("SET threads = 1", attach))
    return SCANS[kind.name](driver, folder if kind.cipher(reader) else None)


def scan_postgresql(driver: Any, _folder: Path | None) -> Scan:
    """Return how a server is read that psycopg is connected to, whose own TLS settings it keeps."""
    # What begins a session limits its statements, which read a page or a table here.
    given = {**driver.info.get_parameters(), "options": "-c TimeZone=UTC"}
    place = " ".join(f"{name}={quoted(value)}" for name, value in given.items())
    password = driver.info.password
    secret = f"CREATE SECRET (TYPE postgres, PASSWORD {literal(password)})"
    # DuckDB would read `public`, wherever the URL or the role says that the tables are.
    schema = driver.execute(SCHEMA).fetchone()[0]
    options = f"TYPE postgres, SCHEMA {literal(schema)}, READ_ONLY"
    attach = f"ATTACH {literal(place)} AS store ({options})"
    return Scan("postgres_scanner", (*([secret] if password else ()), attach), password)


def scan_mysql(driver: Any, folder: Path | None) -> Scan:
    """Return how a server is read that PyMySQL is connected to; over TLS with a folder."""
    password = driver.password.decode("latin-1")  # as PyMySQL has it
    parts = {
        "HOST": driver.host,
        "PORT": str(driver.port),
        "USER": text(driver.user),
        "DATABASE": text(driver.db),
        "PASSWORD": password,
        "SOCKET": driver.unix_socket,
        "SSL_MODE": "disabled",
    }
    if folder and driver.ctx.verify_mode == ssl.CERT_REQUIRED:
        roots = map(ssl.DER_cert_to_PEM_cert, driver.ctx.get_ca_certs(binary_form=True))
        (folder / "roots.pem").write_text("".join(roots), "ascii")
        parts |= {"SSL_MODE": "verify_identity", "SSL_CA": str(folder / "roots.pem")}
    elif folder:  # this machine's own
        parts["SSL_MODE"] = "required"
    spelled = ", ".join(f"{name} {literal(value)}" for name, value in parts.items() if value)
    return Scan(
        "mysql_scanner",
        (
            # A condition that went to the server would compare texts by its collations.
            "SET mysql_experimental_filter_pushdown = false",
            f"CREATE SECRET store (TYPE mysql, {spelled})",
            "ATTACH '' AS store (TYPE mysql, SECRET store, READ_ONLY)",
        ),
        password,
    )


SCANS = {"postgresql": scan_postgresql, "mysql": scan_mysql, "mariadb": scan_mysql}


def text(value: str | bytes | None) -> str:
    """Return what PyMySQL keeps of a name."""
    return value.decode() if isinstance(value, bytes) else value or ""
