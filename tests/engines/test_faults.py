"""Errors of data and errors of the database, as each engine really raises them."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from engines import connect
from engines.faults import CUT, cause, fault, is_data
from schema.tables.ci import repos
from schema.tables.deliveries import deliveries
from store.deliveries.table import now

DELIVERY = {
    "provider": "github",
    "guid": "g",
    "event": "push",
    "state": "applied",
    "receivetime": now(),
    "attempts": 1,
}


def raised(work: Callable[[], object]) -> SQLAlchemyError:
    with pytest.raises(SQLAlchemyError) as caught:
        work()
    return caught.value


def inserted(engine: sa.Engine, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(deliveries).values({**DELIVERY, **values}))


@pytest.mark.parametrize(
    "values",
    [{"guid": None}, {"receivetime": "soon"}],
    ids=["missing", "not-a-time"],
)
def test_value_that_does_not_fit_is_an_error_of_data(engine: sa.Engine, values: dict[str, object]):
    assert is_data(raised(lambda: inserted(engine, **values)))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "values", [{"event": ["push"]}, {"hookid": {}}, {"hookid": 2**63 - 1 + 0j}]
)
def test_value_that_sqlite_cannot_bind_is_an_error_of_data(
    engine: sa.Engine, values: dict[str, object]
):
    assert is_data(raised(lambda: inserted(engine, **values)))


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
@pytest.mark.parametrize(
    "values", [{"guid": "x" * 500}, {"attempts": 2**40}], ids=["too-long", "too-big"]
)
def test_value_that_mysql_refuses_is_an_error_of_data(engine: sa.Engine, values: dict[str, object]):
    assert is_data(raised(lambda: inserted(engine, **values)))


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
@pytest.mark.parametrize("code", [3024, 1969, 1317])
def test_statement_whose_time_is_over_was_cut(engine: sa.Engine, code: int):
    def work() -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SIGNAL SQLSTATE '70100' SET MYSQL_ERRNO = {code}")

    assert fault(raised(work)) == CUT


def test_same_key_twice_is_an_error_of_data(engine: sa.Engine):
    inserted(engine)
    assert is_data(raised(lambda: inserted(engine)))


def test_missing_table_is_no_error_of_data(engine: sa.Engine):
    def select() -> None:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT * FROM nowhere"))

    assert not is_data(raised(select))


def test_missing_column_is_no_error_of_data(engine: sa.Engine):
    def select() -> None:
        with engine.connect() as connection:
            connection.execute(sa.select(sa.column("nothing")).select_from(repos))

    assert not is_data(raised(select))


def test_server_that_is_not_there_is_no_error_of_data_and_its_cause_no_secret():
    error = raised(connect("mysql+pymysql://root:hunter22@127.0.0.1:1/runs").connect)
    assert not is_data(error)
    assert cause(error).startswith("OperationalError: (2003, ")
    assert "hunter22" not in cause(error)


def test_cause_of_a_bad_value_shows_neither_sql_nor_the_other_values(engine: sa.Engine):
    error = raised(lambda: inserted(engine, guid=None, repo="a/secret-name"))
    assert "INSERT" not in cause(error)
    assert "secret-name" not in cause(error)
