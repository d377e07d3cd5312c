"""Every refusal is one clear sentence, and no password is in it or in anything around it."""

import pickle
import secrets
import socket
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa

import sqlauthenticator
from sqlauthenticator import connector

PASSWORD = "right-€-pa'ss%wo:rd"
WRONG = "wrong-€-password"


@pytest.fixture
def analyst(url: str, engine_name: str, writer: Any) -> Iterator[str]:
    """Give the URL of an account that has a password and may only read `items`."""
    user = f"analyst_{secrets.token_hex(4)}"
    database = sa.make_url(url).database
    writer.execute(f"CREATE USER {user}@'127.0.0.1' IDENTIFIED BY ?", (PASSWORD,))
    writer.execute(f"GRANT SELECT ON {database}.items TO {user}@'127.0.0.1'")
    yield sa.make_url(url).set(username=user).render_as_string(hide_password=False)
    writer.execute(f"DROP USER {user}@'127.0.0.1'")


servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)


def place_of(url: str) -> str:
    """Return host and port as messages name them."""
    return f"{sa.make_url(url).host}:{sa.make_url(url).port}"


@servers
def test_right_password_opens_and_shows_nowhere(analyst: str):
    with closing(connector(PASSWORD, url=analyst)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)
        with pytest.raises(sqlite3.OperationalError) as raised:
            connection.execute("SELECT * FROM missing")
        with pytest.raises(TypeError):
            pickle.dumps(connection)
        shown = f"{connection!r} {vars(connection)} {told(raised.value)}"
    assert "right" not in shown
    with_password = sa.make_url(analyst).set(password=PASSWORD)
    with closing(connector(url=with_password)) as connection:
        assert "right" not in f"{connection!r} {vars(connection)}"


@servers
def test_engine_keeps_the_password_to_itself(analyst: str):
    engine = sqlauthenticator.engine(PASSWORD, url=analyst)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT COUNT(*) FROM items")).scalar_one() == 3
    shown = engine.url.render_as_string(hide_password=False)
    assert (
        "right" not in f"{shown} {engine!r} {engine.pool._creator!r} {pickle.dumps(engine.url)!r}"
    )
    engine.dispose()


def told(error: BaseException) -> str:
    """Return all that a traceback tells, with every variable of the connector's frames."""
    lines = traceback.TracebackException.from_exception(error, capture_locals=True)
    for part in (lines, lines.__cause__, lines.__context__):
        if part:
            # The frames of this test hold the password by right.
            part.stack[:] = [frame for frame in part.stack if frame.filename != __file__]
    return f"{error!r} {pickle.dumps(error)!r} " + "".join(lines.format())


@servers
@pytest.mark.parametrize("wrong", [WRONG, "", None])
def test_wrong_password_is_one_sentence_without_it(analyst: str, wrong: str | None):
    with pytest.raises(sqlite3.OperationalError) as raised:
        connector(wrong, url=analyst)
    user = sa.make_url(analyst).username
    assert str(raised.value) == (
        f"{place_of(analyst)} refused {user}: wrong password, or unknown user"
    )
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert "wrong-" not in told(raised.value)


@servers
def test_unknown_or_closed_database_is_one_sentence(url: str, analyst: str):
    with pytest.raises(sqlite3.OperationalError) as raised:
        connector(url=sa.make_url(url).set(database="missing"))
    assert str(raised.value) == f"there is no database missing on {place_of(url)}"
    user = sa.make_url(analyst).username
    with pytest.raises(sqlite3.OperationalError) as raised:
        connector(PASSWORD, url=sa.make_url(analyst).set(database="mysql"))
    assert str(raised.value) == f"{user} may not use the database mysql on {place_of(url)}"


@servers
def test_forbidden_table_is_one_sentence(writer: Any, analyst: str):
    writer.execute("CREATE TABLE hidden (id INTEGER)")
    denied = pytest.raises(sqlite3.OperationalError, match=r"SELECT command denied .*hidden")
    with closing(connector(PASSWORD, url=analyst)) as connection, denied:
        connection.execute("SELECT * FROM hidden")


def test_unreachable_server_is_one_sentence():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]  # bound, and nobody listens
        with pytest.raises(sqlite3.OperationalError) as raised:
            connector(WRONG, url=f"mysql+pymysql://reader@127.0.0.1:{port}/db")
    assert str(raised.value).startswith(f"127.0.0.1:{port} cannot be reached: ")
    assert "Connection refused" in str(raised.value)
    assert "wrong-" not in told(raised.value)


def test_unknown_host_is_one_sentence():
    with pytest.raises(sqlite3.OperationalError, match=r"^db\.invalid:3306 cannot be reached: "):
        connector(WRONG, url="mysql+pymysql://reader@db.invalid/db")


def test_server_that_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sqlauthenticator, "MARGIN", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(sqlite3.OperationalError, match="hung up, or did not answer in time"):
            connector(WRONG, url=f"mysql+pymysql://reader@127.0.0.1:{port}/db", limit=0.5)
