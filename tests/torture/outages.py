"""Every way in which a database can be away, each from its beginning to its end."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pymysql
import sqlalchemy as sa

from engines import connect
from engines.kind import READ_SECONDS
from engines.postgresql_session import GRACE_SECONDS
from schema import migrate
from tests import servers
from tests.torture.oracle import Verdict, verdict
from tests.torture.sender import Sender, noted
from tests.torture.shots import shots
from tests.torture.stage import NAME, Stage

WRITER = "writer"
PASSWORD = "what the listener knows"
HOSTS = ("localhost", "127.0.0.1")
FROZEN_SECONDS = READ_SECONDS + GRACE_SECONDS + 0.2
LATER = 5.2  # seconds after the beginning of an outage when every process knows of it


class Plan(NamedTuple):
    """How long each part is: deliveries in all, seconds of the outage."""

    engine: str
    deliveries: int = 800
    seconds: float = 8.0
    threads: int = 8
    pace: float = 0.05


class Outcome(NamedTuple):
    """What came of it; times in seconds."""

    verdict: Verdict
    spooled: int
    failed: int
    slowest: float
    p99_later: float
    drained: float
    threads: int


class Ways(NamedTuple):
    """How an account is let in, and the outages by their names, on an engine."""

    let_in: Callable[[Stage], str]
    outages: dict[str, Callable[[Stage], AbstractContextManager[None]]]


def outage(name: str, plan: Plan, folder: Path, ways: Ways | None = None) -> Outcome:
    """Let an outage happen while deliveries come in; return how the listener took it."""
    ways = ways or Ways(let_in, OUTAGES)
    disk = DISK if name == "disk full" else ()
    stage = Stage(plan.engine, folder / "listener", (*servers.DURABLE, *disk))
    try:
        migrate.upgrade(stage.url)
        writer = ways.let_in(stage)
        stage.start(writer)
        sender = Sender(stage.port, shots(1, plan.deliveries), folder)
        sender.pace = plan.pace
        sender.start(plan.threads)
        while sender.stored < plan.deliveries / 10:
            time.sleep(0.01)
        began = time.monotonic()
        with ways.outages[name](stage):
            time.sleep(plan.seconds)
            ended = time.monotonic()
        sender.join(120)
        drained = stage.wait_until_drained()
        threads = max(stage.threads())
        engine = stage.engine()
        told = noted(folder)
        found = verdict(engine, shots(1, plan.deliveries), told, folder)
        engine.dispose()
    finally:
        stage.close()
    statuses = sender.statuses()
    failed = sum(1 for one in sender.answers if one.code // 100 != 2)
    later = sender.percentile(0.99, began + LATER, ended)
    return Outcome(found, statuses["spooled"], failed, sender.slowest(), later, drained, threads)


def let_in(stage: Stage) -> str:
    """Make a user without special rights; return the URL to connect as that user."""
    for host in HOSTS:
        stage.administer(f"CREATE USER {WRITER}@'{host}' IDENTIFIED BY '{PASSWORD}'")
    allow(stage)
    url = sa.make_url(stage.url).set(username=WRITER, password=PASSWORD)
    return url.render_as_string(hide_password=False)


def allow(stage: Stage, verb: str = "GRANT", preposition: str = "TO") -> None:
    """Grant the listener its rights, or revoke them."""
    for host in HOSTS:
        stage.administer(f"{verb} ALL ON {NAME}.* {preposition} {WRITER}@'{host}'")


def login(stage: Stage) -> pymysql.Connection:
    """Connect as root."""
    return pymysql.connect(host="127.0.0.1", port=stage.server.port, user="root")


def disconnect(root: pymysql.Connection) -> int:
    """Close all connections of the listener, and return how many: a changed right or role holds
    for new ones only."""
    with root.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (WRITER,))
        found = cursor.fetchall()
        for (number,) in found:
            try:
                cursor.execute(f"KILL {number}")
            except pymysql.MySQLError:
                continue  # it has gone by itself
    return len(found)


@contextmanager
def stopped(stage: Stage) -> Iterator[None]:
    """Nobody listens."""
    stage.server.kill()
    yield
    stage.start_database(stage.options)


@contextmanager
def frozen(stage: Stage) -> Iterator[None]:
    """Connections stay open, new ones are accepted by the kernel, and nobody answers."""
    stage.server.freeze()
    yield
    stage.server.thaw()


@contextmanager
def flickering(stage: Stage) -> Iterator[None]:
    """It stops again and again, for longer than anybody waits, whatever it is doing."""
    done = threading.Event()

    def flicker() -> None:
        while not done.wait(0.2):
            stage.server.freeze()
            done.wait(FROZEN_SECONDS)
            stage.server.thaw()

    thread = threading.Thread(target=flicker)
    thread.start()
    yield
    done.set()
    thread.join()


@contextmanager
def read_only(stage: Stage) -> Iterator[None]:
    """It is a replica now."""
    stage.administer("SET GLOBAL read_only = 1")
    yield
    stage.administer("SET GLOBAL read_only = 0")


@contextmanager
def crowded(stage: Stage) -> Iterator[None]:
    """All connections are taken."""
    taken = [login(stage)]
    taken[0].cursor().execute("SET GLOBAL max_connections = 10")
    while disconnect(taken[0]):
        with contextlib.suppress(pymysql.MySQLError):
            while True:
                taken.append(login(stage))
    yield
    taken[0].cursor().execute("SET GLOBAL max_connections = 150")
    for one in taken:
        one.close()


@contextmanager
def without_rights(stage: Stage) -> Iterator[None]:
    """The listener's rights are revoked."""
    allow(stage, "REVOKE", "FROM")
    disconnect(login(stage))
    yield
    allow(stage)


@contextmanager
def wrong_password(stage: Stage) -> Iterator[None]:
    """The password was changed."""
    for host in HOSTS:
        stage.administer(f"ALTER USER {WRITER}@'{host}' IDENTIFIED BY 'another'")
    disconnect(login(stage))
    yield
    for host in HOSTS:
        stage.administer(f"ALTER USER {WRITER}@'{host}' IDENTIFIED BY '{PASSWORD}'")


@contextmanager
def older_schema(stage: Stage) -> Iterator[None]:
    """A column is missing that only a migration makes."""
    stage.administer(f"ALTER TABLE {NAME}.jobs RENAME COLUMN gated TO gated_later")
    yield
    stage.administer(f"ALTER TABLE {NAME}.jobs RENAME COLUMN gated_later TO gated")


DISK = ("--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:26M")
LARGER = (
    *servers.DURABLE,
    "--innodb-file-per-table=0",
    "--innodb-data-file-path=ibdata1:12M:autoextend:max:500M",
)


@contextmanager
def disk_full(stage: Stage) -> Iterator[None]:
    """The tables' disk is full; it is made larger and the server started again."""
    filler = connect(stage.url)
    with filler.begin() as connection:
        connection.execute(sa.text("CREATE TABLE filler (a LONGBLOB)"))
    full = False
    while not full:
        try:
            with filler.begin() as connection:
                connection.execute(sa.text("INSERT INTO filler VALUES (REPEAT('x', 200000))"))
        except sa.exc.DBAPIError:
            full = True
    yield
    filler.dispose()
    stage.server.stop()
    stage.start_database(LARGER)


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
