"""The two questions of a balancer."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import connect
from store.deliveries.spool import Spool
from tests.listener.asking import Public
from tests.listener.conftest import DOWN, intake_for


def test_health_of_a_process_with_its_database_is_green(public: Public, engine: sa.Engine):
    answers = [public.get(path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (200, {"status": "ready"}),
    ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_of_a_process_without_database_and_spool_is_alive_but_not_ready(public: Public):
    public.intake = intake_for(connect(DOWN))
    answers = [public.get(path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"status": "alive"}),
        (503, {"status": "unavailable"}),
    ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_health_of_a_process_with_nothing_but_its_spool_is_green_while_that_can_be_written(
    public: Public, tmp_path: Path
):
    public.intake = intake_for(connect(DOWN), Spool(tmp_path / "spool"))
    assert public.get("/readyz").status_code == 200
    shutil.rmtree(tmp_path / "spool")
    (tmp_path / "spool").write_text("no folder")
    assert public.get("/readyz").status_code == 503
    (tmp_path / "spool").unlink()
    assert public.get("/readyz").status_code == 200
