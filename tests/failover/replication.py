"""A real PostgreSQL primary with its standby by streaming replication.

Nothing of PostgreSQL promotes a standby by itself: `kill` does it after some seconds, as Patroni or
a cloud would. https://www.postgresql.org/docs/current/warm-standby.html
"""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests import leftovers, servers
from tests.databases import MADE_WITH
from tests.postgresql import server

NODES = (1, 2)
NOTICED_SECONDS = 5.0
"""How long a primary is gone before its standby takes over: what a watcher takes at least."""
LATE_SECONDS = 1.0
"""Control: for so long before the kill the standby gets nothing."""
CAUGHT_UP = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
RECEIVER = "SELECT pid FROM pg_stat_wal_receiver"


class Replication:
    """Two nodes; kill the primary, promote the other, and let the first one follow it.

    A commit waits until the standby has it on its disk; with `asynchronous` it does not, and the
    standby is late when the primary dies: a control, which must lose deliveries.
    """

    entrance, made_with = "/postgres", MADE_WITH["postgresql"]

    def __init__(self, folder: Path, *, asynchronous: bool = False) -> None:
        self.folder, self.asynchronous = folder, asynchronous
        self.ports = {node: servers.free_port() for node in NODES}
        self.pids: dict[int, int] = {}
        self.start(1)
        self.follow(2, 1)

    def port(self, node: int) -> int:
        """Return where a node listens."""
        return self.ports[node]

    def url(self, port: int) -> str:
        """Return how root reaches the primary behind an address."""
        return server.URL.format(port).rpartition("/")[0]

    def start(self, node: int) -> None:
        """Start a node on its data, or on none."""
        directory = self.folder / f"n{node}"
        self.pids[node] = server.start(directory, self.ports[node], server.DURABLE)

    def follow(self, node: int, primary: int) -> None:
        """Copy the primary, and stream from it what it writes from now on."""
        directory = self.folder / f"n{node}"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        if os.geteuid() == 0:
            os.chown(directory, server.NOBODY, server.NOBODY)
        programs = server.folder()
        assert programs
        source = f"host=127.0.0.1 port={self.ports[primary]} user=root"
        copy = ["pg_basebackup", "-D", str(directory / "data"), "-d", source, "-R"]
        server.run(programs, [*copy, "--checkpoint=fast", "--no-sync"], directory)
        self.start(node)
        wait_until(lambda: self.ask(primary, CAUGHT_UP) == 1)
        if not self.asynchronous:
            self.ask(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.ask(primary, "SELECT pg_reload_conf()")

    @contextlib.contextmanager
    def connected(self, node: int) -> Iterator[psycopg.Connection]:
        """Give a connection of root's."""
        address = f"host=127.0.0.1 port={self.ports[node]} user=root dbname=postgres"
        with psycopg.connect(address, autocommit=True, connect_timeout=2) as connection:
            yield connection

    def ask(self, node: int, statement: str) -> object:
        """Run a statement; return the first value of its answer, if it has one."""
        with self.connected(node) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def primary(self) -> int | None:
        """Return the node that is nobody's standby."""
        for node in NODES:
            with contextlib.suppress(psycopg.Error):
                if self.ask(node, "SELECT pg_is_in_recovery()") is False:
                    return node
        return None

    def kill(self, node: int) -> None:
        """End the primary at once, and promote the other when that was noticed."""
        (other,) = set(NODES) - {node}
        if self.asynchronous:
            receiver = self.ask(other, RECEIVER)
            assert isinstance(receiver, int)
            os.kill(receiver, signal.SIGSTOP)
            time.sleep(LATE_SECONDS)
        leftovers.freeze_family(self.pids[node])
        leftovers.kill_all([self.pids[node], *leftovers.children(self.pids[node])])
        leftovers.forget(self.pids[node])
        if self.asynchronous:
            os.kill(receiver, signal.SIGKILL)
        time.sleep(NOTICED_SECONDS)
        self.ask(other, "SELECT pg_promote()")

    def rejoin(self, node: int) -> None:
        """Let a killed node follow the one that took its place."""
        (other,) = set(NODES) - {node}
        self.follow(node, other)

    def stop(self) -> None:
        """End both nodes."""
        for pid in self.pids.values():
            with contextlib.suppress(ProcessLookupError):
                leftovers.kill_all([pid, *leftovers.children(pid)])


def wait_until(condition: object, seconds: float = 60) -> None:
    """Wait until a condition holds. Raises AssertionError."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)
