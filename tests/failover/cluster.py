"""A real three-node MySQL Group Replication, and the one address in front of it.

MYSQL_CLUSTER names the command that makes one: `MYSQL_CLUSTER DIR BASEPORT`; its nodes are servers
of MYSQL_SERVER in DIR/n1 to n3, on BASEPORT+1 to +3.
"""

import contextlib
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pymysql

from tests import leftovers, servers

NODES = (1, 2, 3)
WHO = """
SELECT member_port FROM performance_schema.replication_group_members
WHERE member_role = 'PRIMARY' AND member_state = 'ONLINE'
"""


class Cluster:
    """Three nodes; kill the primary and let it come back."""

    def __init__(self, folder: Path, base: int) -> None:
        self.folder, self.base = folder, base
        command = shlex.split(os.environ["MYSQL_CLUSTER"])
        subprocess.run([sys.executable, *command, str(folder), str(base)], check=True)
        for node in NODES:
            leftovers.remember(self.pid(node), folder / f"n{node}")
        self.options = {node: options_of(self.pid(node)) for node in NODES}

    def pid(self, node: int) -> int:
        """Return the process of a node."""
        return int((self.folder / f"n{node}/pid").read_text())

    def connect(self, node: int) -> pymysql.Connection:
        """Log in as root."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self.base + node,
            user="root",
            autocommit=True,
            connect_timeout=2,
            read_timeout=180,  # joining a group again takes its time
            ssl_disabled=True,
        )

    def primary(self) -> int | None:
        """Return the node that says of itself that it is the primary and takes writes."""
        for node in NODES:
            with contextlib.suppress(pymysql.MySQLError):
                connection = self.connect(node)
                with contextlib.closing(connection), connection.cursor() as cursor:
                    cursor.execute(WHO)
                    row = cursor.fetchone()
                    cursor.execute("SELECT @@super_read_only")
                    if row and row[0] == self.base + node and cursor.fetchone() == (0,):
                        return node
        return None

    def kill(self, node: int) -> None:
        """End a node at once, as a power cut would."""
        os.kill(self.pid(node), signal.SIGKILL)
        leftovers.wait_gone(self.pid(node), seconds=30)

    def rejoin(self, node: int) -> None:
        """Start a node again and let it catch up."""
        directory = self.folder / f"n{node}"
        (directory / "log").unlink(missing_ok=True)
        for lock in (directory / "socket.lock", directory / "data/socket.lock"):
            lock.unlink(missing_ok=True)
        # The starter's own file grants root's rights again: a change that the group does not have.
        quiet = directory / "quiet.sql"
        quiet.write_text("SET SQL_LOG_BIN = 0;\n")
        options = f"{self.options[node]} --init-file={quiet}"
        environment = {**os.environ, "MYSQLD_ARGS": options}
        starter = shlex.split(os.environ["MYSQL_SERVER"])
        command = [*starter, "start", str(directory), str(self.base + node)]
        subprocess.run(command, check=True, env=environment)
        leftovers.remember(self.pid(node), directory)
        connection = self.connect(node)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("START GROUP_REPLICATION")

    def stop(self) -> None:
        """End all nodes."""
        for node in NODES:
            with contextlib.suppress(OSError, ValueError):
                os.kill(self.pid(node), signal.SIGKILL)


def options_of(pid: int) -> str:
    """Return what a server was started with beyond what its starter always gives."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    first = next(place for place, word in enumerate(words) if word.startswith("--init-file="))
    return " ".join(word for word in words[first + 1 :] if word)


class Router:
    """One address whose connections end at today's primary, as a cloud's balancer does it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.target: int | None = None
        self.elected = 0.0
        self.listening = socket.create_server(("127.0.0.1", servers.free_port()))
        self.port = self.listening.getsockname()[1]
        self.ended = threading.Event()
        for work in (self.look, self.accept):
            threading.Thread(target=work, daemon=True).start()

    def look(self) -> None:
        """Look who is primary; note when that changed."""
        while not self.ended.is_set():
            found = self.cluster.primary()
            if found != self.target:
                self.target = found
                self.elected = time.monotonic() if found else 0.0
            self.ended.wait(0.2)

    def accept(self) -> None:
        """Pass each connection on, or refuse it while there is no primary."""
        while not self.ended.is_set():
            client, _ = self.listening.accept()
            if self.target is None:
                client.close()
                continue
            try:
                server = socket.create_connection(
                    ("127.0.0.1", self.cluster.base + self.target), timeout=2
                )
            except OSError:
                client.close()
                continue
            threading.Thread(target=pass_on, args=(client, server), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self.ended.set()
        self.listening.close()


def pass_on(client: socket.socket, server: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    server.settimeout(None)
    pairs = {client: server, server: client}
    with selectors.DefaultSelector() as ready, client, server, contextlib.suppress(OSError):
        for one in pairs:
            ready.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                one = next(end for end in pairs if end is key.fileobj)
                data = one.recv(65536)
                if not data:
                    return
                pairs[one].sendall(data)
