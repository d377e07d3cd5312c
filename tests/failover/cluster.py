"""A real three-node MySQL Group Replication.

MYSQL_CLUSTER names the command that makes one: `MYSQL_CLUSTER DIR BASEPORT`; its nodes are servers
of MYSQL_SERVER in DIR/n1 to n3, on BASEPORT+1 to +3.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pymysql

from tests import leftovers
from tests.databases import MADE_WITH

NODES = (1, 2, 3)
WHO = """
SELECT member_port FROM performance_schema.replication_group_members
WHERE member_role = 'PRIMARY' AND member_state = 'ONLINE'
"""


class Cluster:
    """Three nodes; kill the primary and let it come back."""

    entrance, made_with = "", MADE_WITH["mysql"]

    def __init__(self, folder: Path, base: int) -> None:
        self.folder, self.base = folder, base
        command = shlex.split(os.environ["MYSQL_CLUSTER"])
        subprocess.run([sys.executable, *command, str(folder), str(base)], check=True)
        for node in NODES:
            leftovers.remember(self.pid(node), folder / f"n{node}")
        self.options = {node: options_of(self.pid(node)) for node in NODES}

    def port(self, node: int) -> int:
        """Return where a node listens."""
        return self.base + node

    def url(self, port: int) -> str:
        """Return how root reaches the primary behind an address."""
        return f"mysql+pymysql://root@127.0.0.1:{port}"

    def pid(self, node: int) -> int:
        """Return the process of a node."""
        return int((self.folder / f"n{node}/pid").read_text())

    def connect(self, node: int) -> pymysql.Connection:
        """Log in as root."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port(node),
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
                    if row and row[0] == self.port(node) and cursor.fetchone() == (0,):
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
        command = [*starter, "start", str(directory), str(self.port(node))]
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
