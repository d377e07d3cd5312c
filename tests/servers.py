"""Private MariaDB, MySQL and PostgreSQL servers on loopback, for a test session or for one test.

Each has a directory of its own, with a short path. Starting again in it continues with its data.
"""

import contextlib
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pymysql

from tests import leftovers
from tests.postgresql import server

# A test session throws its data away; whoever tests durability passes DURABLE, which wins.
QUICK = ("--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--innodb-doublewrite=OFF")
DURABLE = ("--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--innodb-doublewrite=ON")
LOGGED = (*DURABLE, "--log-bin=binlog", "--server-id=1")  # as in production
ENDING = {"postgresql": server.END}
START_SECONDS = 300  # the first start may download and unpack the server


class ServerError(Exception):
    """A server that cannot be had, with the reason."""


class Server(NamedTuple):
    """A running server: `url` logs in as root and names no database, `pid` is its process."""

    engine: str
    url: str
    port: int
    pid: int
    dir: Path

    def stop(self) -> None:
        """End it in good order and wait; also when it is paused by SIGSTOP, or dead already."""
        self.thaw()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, ENDING.get(self.engine, signal.SIGTERM))
        if not leftovers.wait_gone(self.pid, seconds=60):
            self.kill()
        leftovers.forget(self.pid)

    def kill(self) -> None:
        """End it at once, as a power cut would, and wait until its processes are gone."""
        with contextlib.suppress(ProcessLookupError):
            self.freeze()  # so that a connection's process neither writes on nor is made
        leftovers.kill_all(self.processes())

    def processes(self) -> list[int]:
        """Return the pids of its processes, that of the first one first."""
        return [self.pid, *leftovers.children(self.pid)]

    def freeze(self) -> None:
        """Let it neither answer nor close anything; on return the last of its threads stands."""
        if not leftovers.freeze_family(self.pid):
            raise ServerError(f"process {self.pid} could not be frozen")

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        leftovers.send(signal.SIGCONT, self.processes())


def free_port() -> int:
    """Find a loopback port nobody listens on: below those the system gives out by itself, and in a
    range of this worker's own, so that no other process takes it before it is used.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 10_000 + worker % 5 * 4_000
    while True:
        port = random.SystemRandom().randrange(first, first + 4_000)  # Hypothesis seeds the other
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def executable(*names: str) -> str | None:
    """Find a program on PATH or in /usr/sbin, which only root has on PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def mysqld() -> str | None:
    """Find a mysqld that is MySQL: MariaDB's packages install a link of that name."""
    found = executable("mysqld")
    if found is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    return None if "MariaDB" in version.stdout else found


def why_absent(engine: str) -> str | None:
    """Say why no private server of this engine can be started here; None when one can."""
    if engine == "postgresql":
        return server.why_absent()
    if engine == "mariadb":
        return None if executable("mariadbd") else "no mariadbd on PATH"
    if starter := os.environ.get("MYSQL_SERVER"):
        found = shutil.which(shlex.split(starter)[0])
        return None if found else f"MYSQL_SERVER={starter} cannot be run"
    return None if mysqld() else "no mysqld on PATH and no MYSQL_SERVER"


def start_mariadb(directory: Path, port: int, extra_args: Sequence[str] = ()) -> Server:
    """Start mariadbd in `directory`; `extra_args` come last and win. Raise ServerError."""
    binary = executable("mariadbd")
    if binary is None:
        raise ServerError("no mariadbd on PATH")
    data, temporary = directory / "data", directory / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    # A server that starts removes the temporary tables of all that share its folder for them.
    folders = [f"--datadir={data}", f"--tmpdir={temporary}"]
    common = [binary, "--no-defaults", *folders, *as_root()]
    if not (data / "mysql").is_dir():
        (data / "mysql").mkdir(parents=True)
        _run([*common, "--bootstrap", "--skip-log-bin"], directory, stdin=_system_tables(binary))
    return _serve("mariadb", common, directory, port, [*QUICK, *extra_args])


def start_mysql(directory: Path, port: int, extra_args: Sequence[str] = ()) -> Server:
    """Start MySQL in `directory`, by MYSQL_SERVER where it is set. Raise ServerError."""
    directory.mkdir(parents=True, exist_ok=True)
    # A killed mysqld leaves this, and while nobody has reaped it, its pid looks alive to the next.
    for lock in (directory / "socket.lock", directory / "data/socket.lock"):
        lock.unlink(missing_ok=True)
    quick = [*QUICK, "--performance-schema=OFF", *extra_args]
    if starter := os.environ.get("MYSQL_SERVER"):
        # The starter waits for a line in DIR/log, which a killed server has left there.
        (directory / "log").unlink(missing_ok=True)
        command = [*shlex.split(starter), "start", str(directory), str(port)]
        _run(command, directory, {"MYSQLD_ARGS": " ".join(quick)})
        return _answering("mysql", directory, port)
    binary = mysqld()
    if binary is None:
        raise ServerError("no mysqld on PATH and no MYSQL_SERVER")
    no_files = "--secure-file-priv=NULL"  # the default is a directory that only the package makes
    common = [binary, "--no-defaults", f"--datadir={directory / 'data'}", no_files, *as_root()]
    if not (directory / "data").is_dir():
        _run([*common, "--initialize-insecure"], directory)
    init = directory / "init.sql"
    init.write_text(
        "CREATE USER IF NOT EXISTS root@'127.0.0.1';"
        " GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;"
    )
    more = [*quick, "--mysqlx=OFF", f"--init-file={init}"]
    return _serve("mysql", common, directory, port, more)


def as_root() -> list[str]:
    """Give the option without which both servers refuse to run as root."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _system_tables(mariadbd: str) -> str:
    """Write mariadb-install-db's SQL: that script itself needs a package more than the server.

    https://mariadb.com/kb/en/mariadb-install-db/ (the method "normal": root without a password)
    """
    prefix = Path(mariadbd).resolve().parent.parent
    shares = [prefix / "share" / name for name in ("mysql", "mariadb", ".")]
    names = ("system_tables.sql", "performance_tables.sql", "system_tables_data.sql")
    for share in shares:
        for vendor in ("mariadb", "mysql"):
            files = [share / f"{vendor}_{name}" for name in names]
            if all(file.is_file() for file in files):
                sql = "".join(file.read_text(encoding="utf-8") for file in files)
                return f"USE mysql;\nSET @auth_root_socket=NULL;\n{sql}"
    raise ServerError(f"no {names[0]} of MariaDB under {prefix}/share")


def _run(
    command: list[str], directory: Path, env: dict[str, str] | None = None, stdin: str = ""
) -> None:
    options: Any = {"input": stdin, "capture_output": True, "text": True, "check": False}
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(
        command, timeout=START_SECONDS, env=environment, start_new_session=True, **options
    )
    if done.returncode != 0:
        raise ServerError(f"{shlex.join(command)}: {_tail((done.stdout + done.stderr), directory)}")


def _serve(
    engine: str, common: list[str], directory: Path, port: int, more: Sequence[str]
) -> Server:
    local = ["--bind-address=127.0.0.1", "--skip-name-resolve", f"--port={port}"]
    # Relative to the data: the system allows a socket's path no more than 107 characters.
    files = ["--socket=socket", f"--pid-file={directory / 'pid'}"]
    log = str(directory / "log")
    # A session of its own: Ctrl-C at the terminal ends pytest, and pytest ends the server.
    pid = os.posix_spawn(
        common[0],
        [*common, *local, *files, *more],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    leftovers.remember(pid, directory)
    return _answering(engine, directory, port, pid)


def _answering(engine: str, directory: Path, port: int, child: int | None = None) -> Server:
    """Wait until root can log in, then read the server's own pid."""
    deadline = time.monotonic() + 90
    while True:
        try:
            with pymysql.connect(
                host="127.0.0.1", port=port, user="root", read_timeout=5, ssl_disabled=True
            ) as connection:
                cursor = connection.cursor()
                cursor.execute("SELECT CONCAT(@@datadir, '|', @@pid_file)")
                ((answer,),) = cursor.fetchall()
                break
        except pymysql.MySQLError as error:
            ended = child is not None and not leftovers.alive(child)
            if ended or time.monotonic() > deadline:
                raise ServerError(f"{engine}: {error}\n{_tail('', directory)}") from None
            time.sleep(0.05)
    data, _, pid_file = answer.partition("|")
    pid = int((Path(data) / pid_file).read_text())
    leftovers.remember(pid, directory)
    return Server(engine, f"mysql+pymysql://root@127.0.0.1:{port}", port, pid, directory)


def _tail(text: str, directory: Path) -> str:
    log = directory / "log"
    text += log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-8:])


def start_postgresql(directory: Path, port: int, extra_args: Sequence[str] = ()) -> Server:
    pid = server.start(directory, port, extra_args)
    return Server("postgresql", server.URL.format(port), port, pid, directory)


START = {"mariadb": start_mariadb, "mysql": start_mysql, "postgresql": start_postgresql}
