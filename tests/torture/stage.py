"""A listener and its database, as processes that can be killed and started again."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from engines import connect
from store.deliveries.spool import Spool
from tests import databases, leftovers, servers
from tests.listener import process
from tests.listener.sending import SECRET
from tests.postgresql import server

NAME = "runs"
UP_SECONDS = 60.0


class Stage:
    """One listener on one database, in a folder of its own. Close it at the end."""

    def __init__(
        self,
        engine: str,
        folder: Path,
        options: Sequence[str] = servers.DURABLE,
        door: Sequence[str] = (str(process.ROOT / "listener.py"),),
        root: Path = process.ROOT,
    ) -> None:
        """Start a database; the listener is of the checkout `root`."""
        folder.mkdir(parents=True, exist_ok=True)
        if engine == "postgresql":
            options = server.options(options)
        self.folder, self.options, self.door, self.root = folder, options, door, root
        self.server: servers.Server | None = None
        self.url = f"sqlite:///{folder / 'data/shark_dashboard.db'}"
        if engine != "sqlite":
            base = leftovers.session_dir() / f"torture{servers.free_port()}"
            if engine == "mariadb":
                # MariaDB 10.11 maps a log that lies in /dev/shm: then a kill loses nothing, however
                # it is flushed.
                base = Path(tempfile.mkdtemp(prefix="runledger-torture-", dir=leftovers.DISK))
                atexit.register(shutil.rmtree, base, ignore_errors=True)
            self.server = servers.START[engine](base, servers.free_port(), options)
            url = sa.make_url(self.server.url).set(database=NAME)
            self.url = url.render_as_string(hide_password=False)
            self.make_database()
        self.port = servers.free_port()
        self.processes: list[subprocess.Popen[bytes]] = []

    def make_database(self) -> None:
        """Make its database, which is empty."""
        self.administer(f"CREATE DATABASE {NAME} {databases.MADE_WITH[self.server.engine]}")

    def administer(self, *statements: str) -> None:
        """Run statements as root."""
        root = sa.create_engine(self.server.url, poolclass=sa.NullPool)
        with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def start(self, url: str | None = None) -> None:
        """Start the listener and wait until it answers."""
        with (self.folder / "out").open("ab") as out, (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, *self.door, "--host", "127.0.0.1", "-p", str(self.port)],
                    cwd=self.folder,
                    env=process.environment(
                        PYTHONPATH=str(self.root),
                        DATABASE_URL=url or self.url,
                        WEBHOOK_SECRET=SECRET,
                        SPOOL_DIR=str(self.folder / "spool"),
                    ),
                    stdout=out,
                    stderr=log,
                    start_new_session=True,
                )
            )
        self.wait_until_alive()

    def wait_until_alive(self) -> None:
        """Wait until the listener answers."""
        ask = process.request({}, None, method="GET", path="/healthz")
        listener = process.Listener(self.port, self.master, self.folder, self.url)
        until = time.monotonic() + UP_SECONDS
        while True:
            with contextlib.suppress(OSError, IndexError):
                if listener.send(ask).code == 200:
                    return
            if self.master.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the listener did not start:\n{self.log()[-3000:]}")
            time.sleep(0.05)

    @property
    def master(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        return self.processes[-1]

    def workers(self) -> list[int]:
        """Return the pids of the master's children."""
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        try:
            return [int(pid) for pid in children.read_text().split()]
        except OSError:
            return []

    def threads(self) -> list[int]:
        """Return how many threads each worker has."""
        return [len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in self.workers()]

    def kill_worker(self, pick: int) -> None:
        """Kill one worker; the master starts another."""
        if found := self.workers():
            kill(found[pick % len(found)])

    def kill_master(self) -> None:
        """Kill the master, and start a listener when its workers have noticed and gone."""
        workers = self.workers()
        kill(self.master.pid)
        self.master.wait()
        for pid in workers:
            if not leftovers.wait_gone(pid, seconds=10):
                kill(pid)
        self.start()

    def kill_all(self) -> None:
        """Kill the listener's processes in one blow, and start it again."""
        self.kill_all_and_stay()
        self.start()

    def kill_all_and_stay(self) -> None:
        """Kill the listener's processes in one blow."""
        os.killpg(self.master.pid, signal.SIGKILL)
        self.master.wait()

    def kill_database(self) -> None:
        """Kill the server, and start it again on what it left."""
        self.server.kill()
        self.start_database(self.options)

    def start_database(self, options: Sequence[str]) -> None:
        """Start the server on its data."""
        old = self.server
        self.server = servers.START[old.engine](old.dir, old.port, options)

    def wait_until_drained(self, seconds: float = 120) -> float:
        """Wait until the spool is empty; return how long that took."""
        spool, began = Spool(self.folder / "spool"), time.monotonic()
        while waiting := spool.count():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"{waiting} still spooled:\n{self.log()[-3000:]}")
            time.sleep(0.05)
        spool.close()
        return time.monotonic() - began

    def engine(self) -> sa.Engine:
        """Return an engine of its own for the database, one that is in no hurry."""
        return connect(self.url, read_seconds=120)

    def log(self) -> str:
        """Return what all listeners have logged."""
        return (self.folder / "log").read_text(errors="replace")

    def close(self) -> None:
        """End everything."""
        for one in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()
        if self.server:
            self.server.stop()


def kill(pid: int) -> None:
    """Kill a process, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
