"""Every way to write where a server is, for store and analyst; and roles that are set up oddly."""

import os
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from config import values
from config.settings import read
from engines import connect, connect_reader, faults
from lake.copying.table_copies import copy_tables
from listener.check import looked_at
from schema import migrate
from schema.adopt.shape import Unadoptable
from schema.tables.ci import repos
from sqlauthenticator import connector, engine
from tests import leftovers, servers
from tests.postgresql.server import NOBODY

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
PASSWORD = "p@ss/w:rd%20?#"
WRITTEN = "p%40ss%2Fw%3Ard%2520%3F%23"
ODD = {
    "timezone": "'Asia/Kathmandu'",
    "datestyle": "'German, DMY'",
    "bytea_output": "'escape'",
    "standard_conforming_strings": "off",
    "quote_all_identifiers": "on",
    "statement_timeout": "'900ms'",
    "default_transaction_isolation": "'serializable'",
    "client_encoding": "'latin1'",
    "extra_float_digits": "-5",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """Start a server that has a socket, too, and a role with a password."""
    folder = leftovers.session_dir() / f"own{servers.free_port()}"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    place = f"unix_socket_directories={folder}"
    options = ("-c", place, "-c", "listen_addresses=127.0.0.1,::1")
    started = servers.start_postgresql(folder / "pg", servers.free_port(), options)
    with superuser(started) as root:
        root.execute(f"CREATE ROLE someone SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    yield started
    started.stop()


def has_ipv6() -> bool:
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def superuser(server: Any, database: str = "postgres") -> psycopg.Connection:
    place = f"host=127.0.0.1 port={server.port} user=root dbname={database}"
    return psycopg.connect(place, autocommit=True)


@pytest.mark.parametrize(
    "form",
    [
        "postgres://{user}@127.0.0.1:{port}/postgres",
        "postgresql+psycopg://{user}@localhost:{port}/postgres",
        "postgres://{user}@{folder}:{port}/postgres",
        "postgresql://{user}@/postgres?host={folder}&port={port}",
        "postgresql://{user}@:{port}/postgres?host={folder}",
        "postgresql://{user}@/postgres?host=127.0.0.1:{port}&sslmode=disable",
        "postgresql://{user}@/postgres?host=127.0.0.1:1&host=127.0.0.1:{port}",
        "postgresql://{user}@[::1]:{port}/postgres",
        "postgresql://{user}@/postgres?host=[::1]:{port}",
        "postgresql://{user}@/postgres?host=[::1]&port={port}",
        "postgresql://{user}@/postgres?host=::1&port={port}",
        "postgresql://{user}@:{port}/postgres?host=127.0.0.1:1&host=[::1]",
        "postgresql://{user}@/postgres?host=[::1]:1,127.0.0.1:{port}",
        "postgresql://{user}@/postgres?host=127.0.0.1,127.0.0.1&port=1,{port}"
        "&target_session_attrs=read-write",
    ],
)
def test_server_is_found_as_people_write_it(form: str, server: Any, engine_name: str):
    if "::1" in form and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    folder = str(server.dir.parent).replace("/", "%2F")
    written = form.format(user=f"someone:{WRITTEN}", folder=folder, port=server.port)
    for opened in (connect(values.database_url(written)), engine(url=written)):
        with opened.connect() as connection:
            assert connection.scalar(sa.text("SELECT current_user")) == "someone"
        opened.dispose()
    with closing(connector(url=written)) as reader:
        assert reader.execute("SELECT current_user").fetchone() == ("someone",)


def test_several_hosts_are_all_trusted_or_none_is(server: Any, engine_name: str):
    """One that is elsewhere is not reached in clear because another is here."""
    elsewhere = "0.0.0.0"  # noqa: S104 - this machine, but nothing in the address says so
    written = f"postgresql://root@/postgres?host=127.0.0.1:1&host={elsewhere}:{server.port}"
    with pytest.raises(DBAPIError, match="does not support SSL"):
        connect(written).connect()
    with pytest.raises(Exception, match=f"or {elsewhere}:{server.port} offers no TLS"):
        connector(url=written)


def test_unknown_option_is_a_persons_to_change(server: Any, engine_name: str):
    with pytest.raises(DBAPIError) as refused:
        connect(f"{server.url}?nonsense=1").connect()
    assert faults.described(refused.value) == (
        'access: ProgrammingError: invalid connection option "nonsense"'
    )


def test_check_says_what_helps(server: Any, engine_name: str, tmp_path: Path):
    with superuser(server) as root:
        root.execute("CREATE DATABASE still TEMPLATE template0 ENCODING 'UTF8'")
    url = f"postgresql://root@127.0.0.1:{server.port}/still"
    migrate.upgrade(connect(url, read_seconds=60))
    with superuser(server) as root:
        root.execute("ALTER DATABASE still SET default_transaction_read_only = on")
    elsewhere = url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - nothing is bound to it
    for place, helps in (
        (url, "it is a standby, or set so"),
        (f"{url}?nonsense=1", "look at the options in DATABASE_URL"),
        (elsewhere, "let it offer TLS, or set DATABASE_SSL=off"),
    ):
        environ = {"DATABASE_URL": place, "SPOOL_DIR": str(tmp_path / "spool")}
        wrong = [line.wrong for line in looked_at(read({}, environ, tmp_path))]
        assert [why for why in wrong if helps in why], wrong


@pytest.mark.parametrize("opened", [connect, connect_reader])
def test_role_that_is_set_up_oddly_changes_nothing(
    opened: Callable[..., sa.Engine], server: Any, engine_name: str
):
    with superuser(server) as root:
        root.execute("DROP DATABASE IF EXISTS oddly WITH (FORCE)")
        root.execute("DROP ROLE IF EXISTS odd")
        root.execute("CREATE ROLE odd SUPERUSER LOGIN")
        for name, value in ODD.items():
            root.execute(f"ALTER ROLE odd SET {name} = {value}")
        root.execute("CREATE DATABASE oddly TEMPLATE template0 ENCODING 'UTF8'")
    place = f"postgresql://odd@127.0.0.1:{server.port}/oddly"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        migrate.upgrade(connect(place, read_seconds=60))
        found = opened(place)
        assert (migrate.state(found), migrate.list_missing(found)) == ("current", [])
    with found.connect() as connection:
        asked = sa.text(
            r"SELECT 'a\b', '2026-03-01 12:00'::timestamp::text, current_setting(:name)"
        )
        row = connection.execute(asked, {"name": "TimeZone"}).one()
    assert tuple(row) == ("a\\b", "01.03.2026 12:00:00", "UTC")
    found.dispose()


def test_schema_that_the_url_names_is_the_one(server: Any, engine_name: str, tmp_path: Path):
    with superuser(server) as root:
        root.execute("CREATE DATABASE apart TEMPLATE template0 ENCODING 'UTF8'")
    with superuser(server, "apart") as root:
        root.execute("CREATE SCHEMA ci; CREATE EXTENSION citext")
    url = f"postgresql://root@127.0.0.1:{server.port}/apart?options=-csearch_path%3Dci,public"
    migrate.upgrade(connect(url, read_seconds=60))
    asked = "SELECT count(*) > 40 FROM pg_tables WHERE schemaname = %s"
    with superuser(server, "apart") as root:
        assert [root.execute(asked, [name]).fetchone() for name in ("ci", "public")] == [
            (True,),
            (False,),
        ]
    with closing(connector(url=url)) as reader:
        assert reader.execute("SELECT COUNT(*) FROM workflowruns").fetchone() == (0,)
        assert reader.execute("SHOW TABLES").fetchall().count(("repos",)) == 1

    # Another store in the same database, which is nobody's business here.
    migrate.upgrade(connect(url.partition("?")[0], read_seconds=60))
    put = "INSERT INTO {}.repos (name, provider, gitid) SELECT 'a/' || n, 'github', n"
    with superuser(server, "apart") as root:
        for schema, number in (("ci", 3), ("public", 5)):
            root.execute(f"{put.format(schema)} FROM generate_series(1, {number}) AS n")
    with closing(connector(url=url)) as reader:
        assert reader.execute("SHOW TABLES").fetchall().count(("repos",)) == 1
    with connect_reader(url).connect() as connection:
        assert copy_tables(connection, {repos: 3}, tmp_path)["repos"].rows == 3


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_database_that_cannot_hold_every_text_is_refused(
    encoding: str, server: Any, engine_name: str
):
    name = encoding.lower()
    with superuser(server) as root:
        root.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    opened = connect(f"postgresql://root@127.0.0.1:{server.port}/{name}", read_seconds=60)
    with pytest.raises(Unadoptable, match=f"encoding is {encoding}: make it by CREATE DATABASE"):
        migrate.upgrade(opened)
    assert migrate.state(opened) == "empty"
    opened.dispose()


def test_extension_that_may_not_be_made_is_named_with_what_helps(server: Any, engine_name: str):
    with superuser(server) as root:
        root.execute("CREATE ROLE lesser LOGIN")
        root.execute("CREATE DATABASE bare TEMPLATE template0 ENCODING 'UTF8'")
    opened = connect(f"postgresql://lesser@127.0.0.1:{server.port}/bare", read_seconds=60)
    with pytest.raises(DBAPIError) as refused:
        migrate.upgrade(opened)
    assert 'create extension "citext": an administrator runs' in faults.cause(refused.value)
    with superuser(server, "bare") as root:
        root.execute("CREATE SCHEMA aside; CREATE EXTENSION citext SCHEMA aside")
        root.execute("GRANT ALL ON SCHEMA public TO lesser")
    with pytest.raises(DBAPIError) as refused:
        migrate.upgrade(opened)
    assert "in a schema of search_path" in faults.cause(refused.value)
    with superuser(server, "bare") as root:
        root.execute("ALTER EXTENSION citext SET SCHEMA public")
    migrate.upgrade(opened)
    assert migrate.state(opened) == "current"
    opened.dispose()
