"""The two questions of a balancer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from store.engine import connect
from store.spool import Spool
from tests.listener.conftest import DOWN, desk_for


def test_health_of_a_process_with_its_database_is_green(app: Flask, engine: sa.Engine):
    client = app.test_client()
    answers = [client.get(path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (200, {"status": "ready"}),
    ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_of_a_process_without_database_and_spool_is_alive_but_not_ready(app: Flask):
    app.extensions["desk"] = desk_for(connect(DOWN))
    client = app.test_client()
    answers = [client.get(path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (503, {"status": "unavailable"}),
    ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_of_a_process_with_nothing_but_its_spool_is_green_while_that_can_be_written(
    app: Flask, tmp_path: Path
):
    app.extensions["desk"] = desk_for(connect(DOWN), Spool(tmp_path / "spool"))
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    shutil.rmtree(tmp_path / "spool")
    (tmp_path / "spool").write_text("no folder")
    assert client.get("/readyz").status_code == 503
    (tmp_path / "spool").unlink()
    assert client.get("/readyz").status_code == 200
