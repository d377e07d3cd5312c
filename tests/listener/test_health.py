"""The two questions of a balancer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import connect
from listener.asgi_app import App
from store.deliveries.spool import Spool
from tests.listener.asking import get
from tests.listener.conftest import DOWN, desk_for


def test_health_of_a_process_with_its_database_is_green(public: App, engine: sa.Engine):
    answers = [get(public, path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (200, {"status": "ready"}),
    ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_of_a_process_without_database_and_spool_is_alive_but_not_ready(public: App):
    public.desk = desk_for(connect(DOWN))
    answers = [get(public, path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (503, {"status": "unavailable"}),
    ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_of_a_process_with_nothing_but_its_spool_is_green_while_that_can_be_written(
    public: App, tmp_path: Path
):
    public.desk = desk_for(connect(DOWN), Spool(tmp_path / "spool"))
    assert get(public, "/readyz").status_code == 200
    shutil.rmtree(tmp_path / "spool")
    (tmp_path / "spool").write_text("no folder")
    assert get(public, "/readyz").status_code == 503
    (tmp_path / "spool").unlink()
    assert get(public, "/readyz").status_code == 200
