"""A page reads the names of all repositories once, whatever it shows of them."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/errors?repo=octo", "/slower", "/figures?by=job"])
def test_names_are_read_once(path: str, engine: Engine, client: FlaskClient):
    repoid = stored.repo(engine)
    stored.failed(engine, repoid, NOW, kind="cause")
    asked = list[str]()

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    reader = client.application.extensions["site"].engine
    event.listen(reader, "before_cursor_execute", note)
    text_of(client, path)
    event.remove(reader, "before_cursor_execute", note)
    named = [told for told in asked if "FROM repos" in told and "ORDER BY repos.name" in told]
    assert len(named) == 1, named
