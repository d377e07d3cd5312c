"""Pages by the account that is documented for them: it may not read what deliveries hold."""

import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from deploy.accounts import readable
from schema.tables.ci import metadata
from schema.tables.deliveries import deliveries
from schema.tables.views import NAMES
from tests import databases
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of

SERVERS = [name for name in databases.ENGINES if name != "sqlite"]
pytestmark = pytest.mark.parametrize("engine_name", SERVERS, indirect=True)


@pytest.fixture
def reader_url(engine: sa.Engine, engine_name: str) -> Iterator[str]:
    """Give the store's URL as an account with a reader's rights, which is gone afterwards."""
    name = f"reader_{secrets.token_hex(4)}"
    is_mysql = engine_name != "postgresql"
    who = f"{name}@'127.0.0.1'" if is_mysql else name
    rights = {table: readable(table) for table in metadata.tables}
    rights |= dict.fromkeys(("alembic_version", *NAMES), "SELECT")
    with engine.begin() as connection:
        made = f"CREATE USER {who}" + ("" if is_mysql else " PASSWORD 'a'")
        for statement in (made, *(f"GRANT {it} ON {on} TO {who}" for on, it in rights.items())):
            connection.exec_driver_sql(statement)
    yield engine.url.set(username=name).render_as_string(hide_password=False)
    with engine.begin() as connection:
        if not is_mysql:
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP USER {who}")


def test_pages_say_what_their_account_may_not_read(
    engine: sa.Engine, reader_url: str, make_client: MakeClient
):
    run = stored.run(engine, stored.repo(engine), NOW)
    guid = stored.delivery(engine, NOW, event="workflow_run", body=b"{}")
    with engine.connect() as connection:
        assert connection.execute(sa.select(deliveries.c.body)).scalar_one() == b"{}"
    client = make_client(reader_url)
    page = text_of(client, f"/runs/github/{run}")
    assert "the account of these pages (DATABASE_READ_URL) may not read that" in page
    assert guid in text_of(client, "/deliveries")
    shown = text_of(client, f"/deliveries/github/{guid}", code=403)
    assert "may not read what deliveries hold" in shown
