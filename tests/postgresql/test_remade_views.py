"""An upgrade makes each view anew, also one whose columns an earlier release gave other types."""

import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from engines import faults
from schema import migrate

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
EARLIER = "DROP VIEW main_red; CREATE VIEW main_red AS SELECT 'a' AS repository, 1 AS workflow"
READABLE = "SELECT has_table_privilege('{role}', 'main_red', 'SELECT')"
OWNER = "SELECT viewowner FROM pg_views WHERE viewname = 'main_red'"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give a store whose view main_red is an earlier release's."""
    migrate.upgrade(database_url)
    engine = create_engine(database_url)
    run(engine, EARLIER)
    yield engine
    engine.dispose()


@pytest.fixture
def role(engine: Engine) -> Iterator[str]:
    """Give a role that is gone afterwards."""
    name = f"role_{secrets.token_hex(4)}"
    run(engine, f"CREATE ROLE {name}")
    yield name
    run(engine, f"DROP OWNED BY {name}; DROP ROLE {name}")


def run(engine: Engine, statements: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statements))


def value(engine: Engine, query: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def test_view_with_other_columns_is_replaced_and_keeps_owner_and_rights(engine: Engine, role: str):
    run(engine, f"GRANT SELECT ON main_red TO {role}; GRANT SELECT ON main_red TO PUBLIC")
    run(engine, f"ALTER VIEW main_red OWNER TO {role}; GRANT {role} TO CURRENT_USER")
    run(engine, f"GRANT USAGE, CREATE ON SCHEMA public TO {role}")
    migrate.upgrade(engine)
    assert value(engine, "SELECT COUNT(sincerungitid) FROM main_red") == 0
    assert value(engine, READABLE.format(role=role)) is True
    assert value(engine, READABLE.format(role="pg_monitor")) is True  # as everybody
    assert value(engine, OWNER) == role


def test_view_that_another_hangs_on_is_named_and_made_once_that_is_gone(engine: Engine):
    run(engine, "CREATE VIEW mine AS SELECT workflow FROM main_red")
    with pytest.raises(DBAPIError) as caught:
        migrate.upgrade(engine)
    said = faults.cause(caught.value)
    assert "view mine depends on view main_red" in said
    assert "python3 local-database.py -i" in said
    run(engine, "DROP VIEW mine")
    migrate.upgrade(engine)
    assert value(engine, "SELECT COUNT(sincerungitid) FROM main_red") == 0
