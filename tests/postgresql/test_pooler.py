"""PgBouncer in between: nothing is prepared by name, and --check tells."""

import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import sqlauthenticator
from engines import connect, connect_reader, kind_of
from engines.transaction import transact
from tests import leftovers, servers
from tests.postgresql.server import NOBODY, as_nobody

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
"""


@pytest.fixture
def pooled(request: pytest.FixtureRequest, store_url: str) -> Iterator[str]:
    """Start PgBouncer with a pool of this mode before the store; give the URL through it."""
    pooler = servers.executable("pgbouncer")
    assert pooler, "apt-get install pgbouncer"
    mode, size, *more = request.param
    place = sa.make_url(store_url)
    folder = leftovers.session_dir() / f"pgbouncer{servers.free_port()}"
    folder.mkdir()
    port = servers.free_port()
    settings = SETTINGS.format(server=place.port, port=port, folder=folder, mode=mode, size=size)
    (folder / "ini").write_text("\n".join([settings, *more]))
    (folder / "users").write_text('"root" ""\n')
    for file in (folder, folder / "ini", folder / "users"):
        if os.geteuid() == 0:
            os.chown(file, NOBODY, NOBODY)
    command = [pooler, str(folder / "ini")]
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(command, stdout=log, stderr=log, **as_nobody())
    wait_for(folder / "log")
    yield place.set(port=port).render_as_string()
    started.terminate()
    started.wait(30)
    shutil.rmtree(folder)


def wait_for(log: Path) -> None:
    deadline = time.monotonic() + 30
    while "process up" not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def write_often(engine: sa.Engine, who: int, failed: list[Exception]) -> None:
    """Run statements so often that psycopg would prepare them, each writer's in another order."""
    added = sa.text("UPDATE marks SET value = value || :letter WHERE name = :name")
    read = sa.text("SELECT count(*) FROM marks WHERE name = :name AND value <> :letter")

    def work(connection: sa.Connection) -> None:
        for statement in (added, read) if who % 2 else (read, added):
            connection.execute(statement, {"letter": "x", "name": str(who)})

    try:
        for _ in range(40):
            transact(engine, work)
    except Exception as error:  # noqa: BLE001 - told by the test
        failed.append(error)


@pytest.mark.parametrize("pooled", [("transaction", 2)], indirect=True)
def test_sessions_that_are_shared_run_no_statement_of_another(pooled: str, engine_name: str):
    engines = [connect(pooled) for _ in range(6)]
    with engines[0].begin() as connection:
        many = [{"name": str(who)} for who in range(6)]
        put = "INSERT INTO marks (subject, name, value, time) VALUES ('', :name, '', now())"
        connection.execute(sa.text(put), many)
    failed: list[Exception] = []
    writers = [
        threading.Thread(target=write_often, args=(engine, who, failed))
        for who, engine in enumerate(engines)
    ]
    for writer in writers:
        writer.start()
    reader = connect_reader(pooled)
    with reader.connect() as connection:
        asked = sa.text("SHOW transaction_read_only")
        assert connection.execute(asked).scalar() == "on"
    for writer in writers:
        writer.join()
    assert failed == []
    with engines[0].connect() as connection:
        stored = connection.execute(sa.text("SELECT DISTINCT value FROM marks")).scalars().all()
    assert stored == ["x" * 40]
    for engine in (reader, *engines):
        engine.dispose()


@pytest.mark.parametrize(
    ("pooled", "wrong"),
    [(("transaction", 2), "pool_mode = session"), (("session", 5), "")],
    indirect=["pooled"],
)
def test_check_tells_how_a_pooler_pools(pooled: str, wrong: str, engine_name: str):
    engine = connect(pooled)
    with engine.connect() as connection:
        told: dict[str, Any] = {
            promise.name: promise.wrong for promise in kind_of(connection).durability(connection)
        }
        assert wrong in told["pooler"]
        assert bool(wrong) == bool(told["pooler"])
        limit = connection.execute(sa.text("SHOW lock_timeout")).scalar()
    assert limit == "1s"
    engine.dispose()


@pytest.mark.parametrize(
    "pooled", [("session", 5, "ignore_startup_parameters = options")], indirect=True
)
def test_pooler_that_leaves_options_out_takes_no_limit_away(pooled: str, engine_name: str):
    reader = sqlauthenticator.connector(url=pooled, limit=7)
    asked = "SELECT current_setting('statement_timeout'), current_setting('TimeZone')"
    assert reader.execute(asked).fetchone() == ("7s", "UTC")
    assert reader.execute("SHOW transaction_read_only").fetchone() == ("on",)
    reader.close()


@pytest.mark.parametrize("pooled", [("session", 5)], indirect=True)
def test_reader_is_told_what_a_pooler_wants_that_refuses_options(pooled: str, engine_name: str):
    with pytest.raises(sqlite3.OperationalError, match="set ignore_startup_parameters = options"):
        sqlauthenticator.connector(url=pooled)
