"""What a PostgreSQL server, and what stands before it, promises: `--check` tells it."""

from typing import Any

from sqlalchemy import Connection, text

from engines.kind import Promise

# https://www.postgresql.org/docs/current/runtime-config-wal.html
DURABLE = {
    "fsync": (("on",), "must be on, or a crash loses what was answered with 2xx"),
    "synchronous_commit": (
        ("on", "local", "remote_write", "remote_apply"),
        "must not be off, or a crash loses what was answered with 2xx",
    ),
    "full_page_writes": (("on",), "must be on, or a crash may leave pages that are half written"),
}
ENCODING = "UTF8"
MAKE = f"make it by CREATE DATABASE ... TEMPLATE template0 ENCODING '{ENCODING}'"
POOLED = (
    "transactions of one connection go to several of the server's sessions: what is set in one is"
    " found in another's; let the pooler have pool_mode = session (docs/accounts.md)"
)


def durability(connection: Connection) -> list[Promise]:
    """Return what the server, or this session of it, promises about a commit."""
    query = f"SELECT {', '.join(f'current_setting({name!r})' for name in DURABLE)}"
    values = connection.execute(text(query)).one()
    promises = [
        Promise(name, value, "" if value in good else f"{value} {why}")
        for (name, (good, why)), value in zip(DURABLE.items(), values, strict=True)
    ]
    promises.append(Promise("encoding", ENCODING, why_unfit(connection)))
    return promises + pooling(connection)


def cipher(connection: Connection) -> str:
    """Return how the connection is encrypted; empty when it is not."""
    query = "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    return str(connection.execute(text(query)).scalar() or "")


def why_unfit(connection: Connection) -> str:
    """Return why a database cannot hold every text; empty when it can."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    return "" if encoding == ENCODING else f"the database's encoding is {encoding}: {MAKE}"


def pooling(connection: Connection) -> list[Promise]:
    """Return whether a pooler keeps a session for its client, as long as that is connected.

    By transactions, it would give this one's session to the next.
    """
    raw: Any = connection.connection.driver_connection
    if not raw.is_pooled:
        return []
    asked = text("SELECT pg_backend_pid()")
    own = connection.execute(asked).scalar_one()
    connection.rollback()
    with connection.engine.connect() as other:
        is_given_away = own == other.execute(asked).scalar_one()
    return [Promise("pooler", "keeps sessions apart", POOLED if is_given_away else "")]
