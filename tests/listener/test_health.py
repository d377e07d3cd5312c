"""The two questions of a balancer."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from listener.webhook import Desk
from store.engine import connect
from tests.listener.conftest import DOWN


def test_health_of_a_process_with_its_database_is_green(app: Flask, engine: sa.Engine):
    client = app.test_client()
    answers = [client.get(path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (200, {"status": "ready"}),
    ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_of_a_process_without_its_database_is_alive_but_not_ready(app: Flask, desk: Desk):
    app.extensions["desk"] = desk._replace(engine=connect(DOWN))
    client = app.test_client()
    answers = [client.get(path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (503, {"status": "unavailable"}),
    ]
