"""The tests' own servers: started, killed, paused, and cleared up after a killed session."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import databases, leftovers, servers

ROOT = Path(__file__).resolve().parent.parent
on_servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
Starter = Callable[..., servers.Server]


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Give a directory with a short name: a socket's path ends at 107 characters."""
    with tempfile.TemporaryDirectory(prefix="r") as directory:
        yield Path(directory)


SESSION_THAT_IS_KILLED = """
import os, signal, sys
from tests import leftovers, servers
server = servers.START[sys.argv[1]](leftovers.session_dir() / "server", servers.free_port())
print(server.pid, leftovers.session_dir(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    """Run one statement on a connection of its own and give its rows."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        result = connection.execute(sa.text(sql))
        return [tuple(row) for row in result] if result.returns_rows else []


def test_database_url_names_an_empty_database(database_url: str):
    assert sa.inspect(sa.create_engine(database_url, poolclass=sa.NullPool)).get_table_names() == []
    ask(database_url, "CREATE TABLE t (a INTEGER)")
    ask(database_url, "INSERT INTO t VALUES (7)")
    assert ask(database_url, "SELECT a FROM t") == [(7,)]


@pytest.mark.parametrize("turn", [1, 2])
def test_store_url_has_the_schema_and_no_rows_of_the_test_before(store_url: str, turn: int):
    assert ask(store_url, "SELECT COUNT(*) FROM branches") == [(0,)]
    ask(store_url, "INSERT INTO branches (repoid, name) VALUES (1, 'main')")
    assert ask(store_url, "SELECT COUNT(*) FROM branches") == [(1,)]


def test_version_of_the_engine_begins_with_its_numbers(engine_name: str):
    major, minor, *_ = databases.version(engine_name).split(".")
    assert major.isdigit()
    assert minor.isdigit()


@on_servers
def test_server_killed_and_started_again_keeps_what_was_committed(private_server: Starter):
    server = private_server(*servers.DURABLE)
    ask(server.url, "CREATE DATABASE d")
    ask(f"{server.url}/d", "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB")
    ask(f"{server.url}/d", "INSERT INTO t VALUES (7)")
    server.kill()
    with pytest.raises(sa.exc.OperationalError):
        ask(server.url, "SELECT 1")
    again = servers.START[server.engine](server.dir, server.port, servers.DURABLE)
    assert ask(f"{again.url}/d", "SELECT a FROM t") == [(7,)]
    again.stop()


@on_servers
def test_server_paused_is_stopped_all_the_same(private_server: Starter):
    server = private_server()
    server.freeze()
    server.stop()
    assert not leftovers.alive(server.pid)


@on_servers
def test_server_option_of_a_test_wins(private_server: Starter):
    server = private_server("--innodb-flush-log-at-trx-commit=2")
    assert ask(server.url, "SELECT @@innodb_flush_log_at_trx_commit") == [(2,)]


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_server_with_an_unknown_option_says_why(private_server: Starter):
    with pytest.raises(servers.ServerError, match="unknown option '--no-such-option'"):
        private_server("--no-such-option")


def test_starter_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    starter = tmp_path / "mysql-server"
    starter.write_text('#!/bin/sh\necho "cannot $1 on $3" >&2\nexit 1\n')
    starter.chmod(0o755)
    monkeypatch.setenv("MYSQL_SERVER", str(starter))
    with pytest.raises(servers.ServerError, match="cannot start on 3999"):
        servers.start_mysql(tmp_path / "own", 3999)


def test_starter_that_is_not_there_is_an_absent_engine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MYSQL_SERVER", "/nowhere/mysql-server")
    assert servers.why_absent("mysql") == "MYSQL_SERVER=/nowhere/mysql-server cannot be run"


@on_servers
def test_server_of_a_killed_session_is_ended_by_the_next(
    engine_name: str, private_server: Starter, short_path: Path
):
    done = subprocess.run(
        [sys.executable, "-c", SESSION_THAT_IS_KILLED, engine_name],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(short_path)},
    )
    assert done.returncode == -signal.SIGKILL
    pid, path = done.stdout.split()
    assert leftovers.alive(int(pid))
    assert leftovers.sweep(Path(path).parent) == [Path(path)]
    assert not leftovers.alive(int(pid))
    assert not Path(path).exists()


def test_sweep_leaves_a_living_session_alone():
    mine = leftovers.session_dir()
    assert mine not in leftovers.sweep(leftovers.root())
    assert mine.is_dir()


def test_sweep_does_not_end_a_stranger_with_the_same_pid(short_path: Path):
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with stranger:
        (short_path / "s1/pids").mkdir(parents=True)
        (short_path / "s1/lock").touch()
        (short_path / f"s1/pids/{stranger.pid}").write_text(str(short_path))
        assert leftovers.sweep(short_path) == [short_path / "s1"]
        assert stranger.poll() is None
        stranger.communicate(b"\n")
    assert stranger.returncode == 0


def test_memory_disk_that_is_too_small_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(leftovers, "NEEDED", 1 << 60)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    leftovers.use_memory()
    assert tempfile.gettempdir() == str(tmp_path)


def test_folder_that_the_user_chose_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    leftovers.use_memory()
    assert tempfile.gettempdir() == str(tmp_path)
