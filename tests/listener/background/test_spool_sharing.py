"""What waits in a folder of two listeners goes to neither's database while both live."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select

from config.watch import watch
from listener.background import spool_drain
from listener.background.spool_drain import SpoolDrain
from listener.background.spool_sharing import hold_mark
from listener.intake.circuit_breaker import CircuitBreaker
from schema.tables.deliveries import deliveries
from store.deliveries.spool import Spool
from store.deliveries.table import Delivery, now
from tests.listener.sending import recorded

OTHER = make_url("mysql+pymysql://root@db.example/other")


class Asleep(Exception):
    """The drain waits."""


@pytest.fixture
def draining(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SpoolDrain:
    """Give a spool in which a delivery waits, and a drain that ends where it would sleep."""

    def sleep(_: float) -> None:
        raise Asleep

    monkeypatch.setattr(spool_drain.time, "sleep", sleep)
    spool = Spool(tmp_path / "spool")
    body = recorded("workflow_run__completed_success")
    spool.put(Delivery("github", "a", 7, "workflow_run", "completed", None, now(), body))
    return SpoolDrain(engine, watch(()), spool, CircuitBreaker(print), lambda: None, Counter())


def drain(draining: SpoolDrain) -> list[str]:
    """Write back until there is nothing to do; return what is stored."""
    with hold_mark(draining.spool.folder, draining.engine.url) as mark, pytest.raises(Asleep):
        spool_drain.serve(draining, mark)
    with draining.engine.connect() as connection:
        return list(connection.scalars(select(deliveries.c.guid)))


def test_delivery_stays_in_the_spool_while_a_listener_of_another_database_shares_it(
    draining: SpoolDrain, caplog: pytest.LogCaptureFixture
):
    with hold_mark(draining.spool.folder, OTHER):
        assert drain(draining) == []
        assert draining.spool.count() == 1
    assert "SPOOL_DIR is shared with a listener of another database" in caplog.text
    assert drain(draining) == ["a"]  # the other has ended


def test_delivery_is_written_back_beside_another_process_of_the_same_database(
    draining: SpoolDrain,
):
    with hold_mark(draining.spool.folder, draining.engine.url):
        assert drain(draining) == ["a"]
