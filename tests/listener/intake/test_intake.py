"""Where a delivery goes when the database fails at the worst moment, and what is answered."""

import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.watch import watch
from engines import connect
from listener.background import spool_drain
from listener.background.spool_drain import SpoolDrain
from listener.intake import intake as intake_module
from listener.intake.intake import Intake
from schema import migrate
from store.deliveries.spool import Spool
from tests.listener.asking import Public
from tests.listener.conftest import DOWN, Deliver, intake_for
from tests.listener.sending import GUID, headers, recorded
from tests.listener.stored import counted, kept
from tests.servers import Server

RUN = "workflow_run__completed_success"

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
on_servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def written_back(intake: Intake, engine: sa.Engine) -> None:
    """Write the spool of a intake back to an engine."""
    back = SpoolDrain(engine, watch(()), intake.spool, intake.breaker, lambda: None, Counter())
    spool_drain.step(back, intake.spool.take(10))
    assert intake.spool.count() == 0


@pytest.mark.parametrize(
    ("event", "body"),
    [("workflow_run", recorded(RUN)), ("star", b"{}"), ("push", b'{"ref": []}')],
    ids=["to store", "to ignore", "to quarantine"],
)
@on_sqlite
def test_delivery_while_the_database_is_down_is_spooled(
    public: Public, deliver: Deliver, spool: Spool, event: str, body: bytes
):
    public.intake = intake_for(connect(DOWN), spool)
    answer = deliver(event, body, X_GitHub_Delivery=GUID)
    assert (answer.status_code, answer.json) == (202, {"status": "spooled"})
    (one,) = spool.take(10)
    assert (one.delivery.guid, one.delivery.event, one.delivery.body) == (GUID, event, body)


@on_sqlite
def test_delivery_that_may_not_be_watched_is_spooled_while_nobody_can_tell(
    public: Public, deliver: Deliver, spool: Spool
):
    public.intake = intake_for(connect(DOWN), spool)._replace(watch=watch(["octo/cat"]))
    assert deliver("workflow_run", recorded(RUN)).json == {"status": "spooled"}


@on_sqlite
def test_ping_needs_neither_database_nor_spool(public: Public, deliver: Deliver):
    public.intake = intake_for(connect(DOWN))
    assert deliver("ping", recorded("ping__organization")).json == {"status": "pong"}


@on_sqlite
def test_delivery_that_nothing_can_take_is_503_until_the_spool_can_be_written_again(
    public: Public, deliver: Deliver, spool: Spool, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "listener")
    public.intake = intake_for(connect(DOWN), spool)
    spool.folder.write_text("no folder")
    for _ in range(3):
        answer = deliver("workflow_run", recorded(RUN))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    spool.folder.unlink()
    assert deliver("workflow_run", recorded(RUN)).status_code == 202
    said = [record.message for record in caplog.records if "spool c" in record.message]
    assert said == ["the spool cannot be written", "the spool can be written"]


def test_breaker_once_open_leaves_the_database_alone(
    public: Public, deliver: Deliver, intake: Intake, engine: sa.Engine, spool: Spool
):
    intake = public.intake = intake._replace(spool=spool)
    intake.breaker.tripped.set()
    assert deliver("workflow_run", recorded(RUN)).json == {"status": "spooled"}
    assert counted(engine) == {}
    intake.breaker.try_once()
    assert deliver("workflow_run", recorded(RUN)).json == {"status": "applied"}


@on_sqlite
@pytest.mark.parametrize("way", ["asgi"], indirect=True)
def test_question_that_waited_while_the_database_failed_others_is_not_asked(
    public: Public, deliver: Deliver, intake: Intake, spool: Spool, monkeypatch: pytest.MonkeyPatch
):
    public.intake = intake._replace(spool=spool, watch=watch(["octo/cat"]))

    async def waited(work: Callable[..., object], *arguments: object) -> object:
        intake.breaker.tripped.set()
        return work(*arguments)

    monkeypatch.setattr("listener.intake.intake.off_loop", waited)
    monkeypatch.setattr("listener.intake.intake.decide", None)
    assert deliver("workflow_run", recorded(RUN)).json == {"status": "spooled"}


@pytest.fixture
def server(private_server: Callable[..., Server]) -> Server:
    """Give a server of the test's own with an empty store."""
    started = private_server()
    root = sa.create_engine(started.url, poolclass=sa.NullPool)
    with root.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE runs"))
    migrate.upgrade(f"{started.url}/runs")
    return started


@pytest.mark.timed
@on_servers
def test_server_that_freezes_at_a_commit_gets_the_delivery_once(
    server: Server, spool: Spool, public: Public
):
    engine = connect(f"{server.url}/runs")
    intake = intake_for(engine, spool)

    def freeze(_: sa.Connection) -> None:
        server.freeze()

    sa.event.listen(engine, "commit", freeze, once=True)
    public.intake, body = intake, recorded(RUN)
    began = time.monotonic()
    try:
        made = headers("workflow_run", body, X_GitHub_Delivery=GUID)
        answer = public.post(body, made)
        assert (answer.status_code, answer.json) == (202, {"status": "spooled"})
        assert time.monotonic() - began < 8
    finally:
        server.thaw()
    intake.breaker.try_once()
    written_back(intake, engine)
    assert [(row["guid"], row["state"]) for row in kept(engine)] == [(GUID, "applied")]
    assert counted(engine)["workflowruns"] == 1
    engine.dispose()


@on_servers
def test_connection_lost_after_a_commit_that_was_carried_out_stores_the_delivery_once(
    deliver: Deliver, public: Public, engine: sa.Engine
):
    def lose(connection: sa.Connection) -> None:
        raw = connection.connection.driver_connection
        raw.commit()
        raw._sock.shutdown(socket.SHUT_RDWR)

    sa.event.listen(engine, "commit", lose, once=True)
    answer = deliver("workflow_run", recorded(RUN), X_GitHub_Delivery=GUID)
    assert (answer.status_code, answer.json) == (200, {"status": "duplicate"})
    assert [(row["guid"], row["state"]) for row in kept(engine)] == [(GUID, "applied")]


@pytest.mark.timed
@on_servers
def test_rows_locked_too_long_send_the_delivery_to_the_spool_in_time(
    public: Public,
    deliver: Deliver,
    intake: Intake,
    engine: sa.Engine,
    spool: Spool,
    store_url: str,
    monkeypatch: pytest.MonkeyPatch,
):
    """The batch ends by its own deadline: the request's would leave its thread held up."""
    monkeypatch.setattr(intake_module, "DATABASE_SECONDS", 60)
    public.intake = intake._replace(spool=spool)
    deliver("workflow_run", recorded(RUN))
    other = connect(store_url)
    with other.begin() as holding:
        holding.execute(sa.text("SELECT * FROM workflowruns FOR UPDATE"))
        began = time.monotonic()
        assert deliver("workflow_run", recorded(RUN)).json == {"status": "spooled"}
        assert time.monotonic() - began < 8
    intake = public.intake
    assert not intake.breaker.is_open, "other rows can be written"
    written_back(intake, engine)
    assert [row["state"] for row in kept(engine)] == ["applied", "applied"]
    other.dispose()


@on_sqlite
def test_spool_folder_lost_while_running_is_made_anew(
    public: Public, deliver: Deliver, spool: Spool
):
    public.intake = intake_for(connect(DOWN), spool)
    deliver("workflow_run", recorded(RUN))
    shutil.rmtree(spool.folder)
    assert deliver("workflow_run", recorded(RUN)).status_code == 202
    assert Spool(spool.folder).count() == 1
