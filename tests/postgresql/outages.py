"""Every way in which a PostgreSQL can be away, as tests/torture/outages.py has them for MySQL."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.postgresql import server
from tests.torture.outages import PASSWORD, WRITER, Ways, flickering, frozen, stopped
from tests.torture.stage import Stage

ENTRY = f"host all {WRITER} 127.0.0.1/32 scram-sha-256\n"
LEAVE = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{WRITER}'"  # noqa: S608
RELOAD = "SELECT pg_reload_conf()"


def administer(stage: Stage, *statements: str) -> None:
    """Run statements as root within the store's database."""
    root = sa.create_engine(stage.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with root.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def let_in(stage: Stage) -> str:
    """Make an account that must have its password; return the URL to connect with it."""
    rules = stage.server.dir / "data/pg_hba.conf"
    rules.write_text(ENTRY + rules.read_text())
    administer(stage, RELOAD, f"CREATE ROLE {WRITER} LOGIN PASSWORD '{PASSWORD}'")
    allow(stage)
    url = sa.make_url(stage.url).set(username=WRITER, password=PASSWORD)
    return url.render_as_string(hide_password=False)


def allow(stage: Stage, verb: str = "GRANT", preposition: str = "TO") -> None:
    """Grant the listener its rights, or revoke them."""
    rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
    administer(stage, f"{verb} {rights} {preposition} {WRITER}")


@contextmanager
def read_only(stage: Stage) -> Iterator[None]:
    """It takes no writes, as a replica or a full managed server."""
    administer(stage, "ALTER SYSTEM SET default_transaction_read_only = on", RELOAD)
    yield
    administer(stage, "ALTER SYSTEM RESET default_transaction_read_only", RELOAD)


@contextmanager
def crowded(stage: Stage) -> Iterator[None]:
    """All connections of the account are taken."""
    administer(stage, f"ALTER ROLE {WRITER} CONNECTION LIMIT 0", LEAVE)
    yield
    administer(stage, f"ALTER ROLE {WRITER} CONNECTION LIMIT -1")


@contextmanager
def without_rights(stage: Stage) -> Iterator[None]:
    """The listener's rights are revoked."""
    allow(stage, "REVOKE", "FROM")
    yield
    allow(stage)


@contextmanager
def wrong_password(stage: Stage) -> Iterator[None]:
    """The password was changed."""
    administer(stage, f"ALTER ROLE {WRITER} PASSWORD 'another'", LEAVE)
    yield
    administer(stage, f"ALTER ROLE {WRITER} PASSWORD '{PASSWORD}'")


@contextmanager
def older_schema(stage: Stage) -> Iterator[None]:
    """A column is missing that only a migration makes."""
    administer(stage, "ALTER TABLE jobs RENAME COLUMN gated TO gated_later")
    yield
    administer(stage, "ALTER TABLE jobs RENAME COLUMN gated_later TO gated")


@contextmanager
def disk_full(stage: Stage) -> Iterator[None]:
    """The tables' disk is full; it is made larger later. Only root can make a disk."""
    disk = stage.server.dir / "disk"
    disk.mkdir()
    mount("mount", "-t", "tmpfs", "-o", f"size=24m,uid={server.NOBODY},mode=700", "disk", str(disk))
    try:
        administer(
            stage,
            f"CREATE TABLESPACE small LOCATION '{disk}'",
            "CREATE TABLE filler (a TEXT) TABLESPACE small",
            "ALTER TABLE filler ALTER a SET STORAGE EXTERNAL",
        )
        move(stage)
        with contextlib.suppress(sa.exc.DBAPIError):
            while True:
                administer(stage, "INSERT INTO filler VALUES (repeat('x', 200000))")
        with contextlib.suppress(sa.exc.DBAPIError):
            while True:
                administer(stage, "INSERT INTO filler SELECT 'x' FROM generate_series(1, 200)")
        yield
        mount("mount", "-o", "remount,size=400m", str(disk))
        back = "ALTER TABLE ALL IN TABLESPACE small SET TABLESPACE pg_default"
        administer(stage, "DROP TABLE filler", back)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def move(stage: Stage) -> None:
    """Bring all tables to the small disk, between two transactions of the listener."""
    for _ in range(50):
        with contextlib.suppress(sa.exc.DBAPIError):  # a deadlock with one of them
            administer(stage, "ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE small")
            return
    raise AssertionError("the tables cannot be moved")


def mount(*command: str) -> None:
    """Run a command that only root may. Raises CalledProcessError."""
    subprocess.run(command, check=True, capture_output=True)


def may_mount(folder: Path) -> bool:
    """Tell whether a disk can be made here."""
    try:
        mount("mount", "-t", "tmpfs", "-o", "size=1m", "disk", str(folder))
    except (OSError, subprocess.CalledProcessError):
        return False
    subprocess.run(["umount", str(folder)], check=False)
    return True


OUTAGES: dict[str, Callable[[Stage], AbstractContextManager[None]]] = {
    "stopped": stopped,
    "frozen": frozen,
    "flickering": flickering,
    "read-only": read_only,
    "out of connections": crowded,
    "disk full": disk_full,
    "without rights": without_rights,
    "wrong password": wrong_password,
    "schema not upgraded": older_schema,
}
WAYS = Ways(let_in, OUTAGES)
