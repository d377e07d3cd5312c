"""A database that is away while a backfill works is waited for."""

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from backfill.pipeline.database_outage import OutageRetry, wait_for_connections
from engines import connect
from fakegithub.server import Server as GitHub
from schema import migrate
from tests import servers
from tests.backfill.filling import fill, served
from tests.backfill.test_complete import check_whole
from tests.backfill.test_kill import wait_until_asked
from tests.fakegithub.samples import app_of, small_world
from tests.servers import Server

on_servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)


def wait_until_quiet(github: GitHub) -> None:
    """Return once nothing is asked any more, because nothing can be stored."""
    asked = -1
    while asked != len(github.requests):
        asked = len(github.requests)
        time.sleep(1)


@on_servers
def test_database_killed_and_started_again_is_waited_for(
    private_server: Callable[..., Server], capsys: pytest.CaptureFixture[str]
):
    server = private_server(*servers.DURABLE)
    root = sa.create_engine(server.url, poolclass=sa.NullPool)
    with root.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE runs"))
    url = f"{server.url}/runs"
    migrate.upgrade(url)
    world = small_world(runs=120)
    again: list[Server] = []

    with served(world, url, latency=0.1) as github:

        def restart() -> None:
            wait_until_asked(github, 40)
            server.kill()
            github.latency = 0.0
            wait_until_quiet(github)
            again.append(servers.START[server.engine](server.dir, server.port, servers.DURABLE))

        restarting = threading.Thread(target=restart)
        restarting.start()
        assert fill(world, app_of(world)) == 0
        restarting.join()
    told = capsys.readouterr().err
    assert told.count("waiting for the database: ") == told.count("the database is back") == 1
    engine = connect(url)
    check_whole(engine, world, app_of(world))
    engine.dispose()
    again[0].stop()


@on_servers
def test_connection_to_a_database_that_is_away_is_waited_for(
    private_server: Callable[..., Server],
):
    server = private_server(*servers.DURABLE)
    engine = connect(f"{server.url}/mysql")
    said: list[str] = []
    again: list[Server] = []
    wait_for_connections(engine, OutageRetry(said.append))
    server.kill()

    def restart() -> None:
        while not said:
            time.sleep(0.01)
        again.append(servers.START[server.engine](server.dir, server.port, servers.DURABLE))

    restarting = threading.Thread(target=restart, daemon=True)
    restarting.start()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    restarting.join()
    assert said[0].startswith("waiting for the database: ")
    assert said[1:] == ["the database is back"]
    engine.dispose()
    again[0].stop()


def test_work_that_began_before_the_database_went_away_does_not_call_it_back():
    said: list[str] = []
    patience = OutageRetry(said.append)
    patience.until_done(lambda: patience.say_change("gone"))
    assert said == ["waiting for the database: gone"]
    patience.until_done(lambda: None)
    assert said[1:] == ["the database is back"]


@on_servers
def test_database_without_rights_is_not_waited_for(
    private_server: Callable[..., Server], capsys: pytest.CaptureFixture[str]
):
    server = private_server()
    root = sa.create_engine(server.url, poolclass=sa.NullPool)
    with root.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE runs"))
        connection.execute(sa.text("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'reads only'"))
        connection.execute(sa.text("GRANT SELECT ON runs.* TO reader@'127.0.0.1'"))
    migrate.upgrade(f"{server.url}/runs")
    url = sa.make_url(f"{server.url}/runs").set(username="reader", password="reads only")
    world = small_world(runs=5)
    with served(world, url.render_as_string(hide_password=False)):
        assert fill(world, app_of(world)) == 1
    assert "denied" in capsys.readouterr().err
