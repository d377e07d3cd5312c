"""What is PostgreSQL's own: rows that stay, names without quotes, TLS, and waits that end."""

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from engines import connect, connect_reader, deadline, faults
from engines.kind import Login
from engines.reaching.postgresql_place import encryption
from rows.version import timed
from schema.tables.ci import branches
from store.write.upsert import upsert
from tests.store.production_doors import deliver, told
from tests.stories import plain

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
ELSEWHERE = "postgresql://u@db.example.org/runs"
GUARDED = "INSERT INTO branches (name, version) VALUES ('secret of mine', NULL)"
AT = datetime(2026, 3, 1)


def branch(head: str, at: datetime = AT) -> dict[str, object]:
    state = {"headhash": head, "deletetime": None}
    return {
        "repoid": 1,
        "name": "main",
        **state,
        "version": timed("branches", at, 0, state.values()),
    }


def put(engine: Engine, row: dict[str, object]) -> tuple[object, ...]:
    """Store a row; return the place of its stored form, and its head."""
    with engine.begin() as connection:
        upsert(connection, "branches", [row])
        return tuple(connection.execute(select(text("ctid"), branches.c.headhash)).one())


def test_row_that_says_nothing_new_is_not_written_again(engine: Engine):
    first = put(engine, branch("a" * 40))
    assert put(engine, branch("a" * 40)) == first
    assert put(engine, branch("b" * 40, datetime(2026, 2, 1))) == first
    place, head = put(engine, branch("c" * 40, datetime(2026, 4, 1)))
    assert (place != first[0], head) == (True, "c" * 40)


@pytest.mark.parametrize("connected", [connect, connect_reader])
def test_scattered_rows_are_near_unless_somebody_says_how_far_they_are(
    engine: Engine, store_url: str, connected: Callable[..., Engine]
):
    shown = text("SELECT current_setting('random_page_cost')")
    name = make_url(store_url).database
    costs = []
    for change in ("SET random_page_cost = 2.5", "RESET random_page_cost"):
        opened = connected(store_url, tls=False)
        with opened.connect() as connection:
            costs.append(connection.execute(shown).scalar_one())
        opened.dispose()
        with engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {name} {change}"))
    assert costs == ["1.1", "2.5"]


@pytest.mark.parametrize(("seconds", "is_once"), [(3, True), (60, False)])
def test_what_a_delivery_asks_is_planned_once_for_each_connection(
    store_url: str, seconds: int, is_once: bool
):
    opened = connect(store_url, tls=False, read_seconds=seconds)
    for number in range(12):
        put(opened, branch("a" * 40, datetime(2026, 5, 1 + number)))
    counted = "SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements"
    with opened.connect() as connection:
        made, kept = connection.execute(text(counted)).one()
    opened.dispose()
    assert (made == 0) is is_once
    assert kept > 0


def test_number_is_found_without_quotes(engine: Engine):
    put(engine, branch("a" * 40))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT Id FROM branches")).scalar_one() > 0


def test_text_is_told_apart_by_case_where_it_must_and_only_there(engine: Engine):
    with engine.begin() as connection:
        upsert(connection, "branches", [branch("a" * 40), {**branch("b" * 40), "name": "Main"}])
        exact = "SELECT count(*) FROM branches WHERE name = 'MAIN'"
        assert connection.execute(text(exact)).scalar_one() == 0
        caseless = "SELECT CAST('Öl' AS citext) = 'öL'"
        assert connection.execute(text(caseless)).scalar_one() is True


@pytest.mark.parametrize(
    "url",
    [
        ELSEWHERE,
        f"{ELSEWHERE}?sslmode=disable",
        "postgresql:///runs?host=db.example.org",
        "postgresql://127.0.0.1/runs?hostaddr=10.0.0.7",
        "postgresql:///runs?host=localhost:5432,db.example.org:5432",
    ],
)
def test_server_elsewhere_is_verified(engine_name: str, url: str):
    told = encryption(make_url(url), Login())
    assert told["sslmode"] == "verify-full"
    assert Path(told["sslrootcert"]).is_file()


@pytest.mark.parametrize("url", ["postgresql://localhost/x", "postgresql:///x?host=/run/socket"])
def test_server_here_may_be_spoken_to_in_clear(engine_name: str, url: str):
    assert encryption(make_url(url), Login()) == {"sslmode": "prefer"}


def test_certificates_that_cannot_be_read_stop_the_start(engine_name: str):
    with pytest.raises(OSError, match="No such file"):
        connect(ELSEWHERE, ssl_ca="/nowhere/ca.pem")


def test_parameters_of_a_url_do_not_weaken_a_session(database_url: str):
    opened = connect(f"{database_url}?options=-c%20statement_timeout%3D0&sslmode=allow")
    with opened.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "3s"
        assert connection.execute(text("SHOW TimeZone")).scalar_one() == "UTC"
    opened.dispose()


def test_server_that_is_frozen_is_waited_for_no_longer_than_the_limit(database_url: str):
    opened = connect(database_url, read_seconds=0.5)
    with opened.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            with pytest.raises(OperationalError, match="did not answer in time") as raised:
                connection.execute(text("SELECT 1"))
        finally:
            os.kill(pid, signal.SIGCONT)
        assert time.monotonic() - began < 5
        assert raised.value.connection_invalidated
    opened.dispose()


def test_statement_that_takes_too_long_is_cut_by_the_server(database_url: str):
    opened = connect(database_url, read_seconds=0.3)
    with opened.connect() as connection, pytest.raises(OperationalError) as raised:
        connection.execute(text("SELECT pg_sleep(20)"))
    assert faults.fault(raised.value) == faults.CUT
    opened.dispose()


def test_error_says_nothing_of_the_row(engine: Engine):
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text(GUARDED))
    assert faults.fault(raised.value) == faults.DATA
    assert "secret of mine" not in faults.cause(raised.value)


def test_database_that_is_not_there_is_a_matter_for_a_person(database_url: str):
    opened = connect(make_url(database_url).set(database="nowhere"))
    with pytest.raises(OperationalError) as raised, opened.connect():
        pass
    assert faults.fault(raised.value) == faults.ACCESS
    opened.dispose()


def test_table_that_is_not_there_is_known_by_its_error(engine: Engine):
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("SELECT 1 FROM alembic_versions"))
    assert faults.is_missing(raised.value, "alembic_version")


def test_delivery_that_comes_again_is_no_warning(engine: Engine, caplog: pytest.LogCaptureFixture):
    for _ in range(2):
        deliver(engine, told(plain.FAILURE))
    assert [record.getMessage() for record in caplog.records if record.name == "psycopg"] == []


def test_end_of_a_pages_time_within_a_savepoint_is_what_is_said(database_url: str):
    """The lost connection is asked for nothing when the savepoint is gone back to."""
    reader = connect_reader(database_url)
    with (
        reader.connect() as connection,
        pytest.raises(OperationalError) as caught,
        deadline.within(0.5),
        deadline.limited(connection, 5, 10),
    ):
        connection.exec_driver_sql("SELECT pg_sleep(3)")
    reader.dispose()
    assert faults.cause(caught.value) == "OperationalError: the server did not answer in time"
