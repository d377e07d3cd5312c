"""What becomes of a signed delivery when its data, the database or we are at fault."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from engines import connect
from rows.github import events
from schema import migrate
from schema.tables.ci import workflowruns
from store.doors.webhook import DeliveryOutcome
from tests.listener.asking import Public
from tests.listener.conftest import DOWN, Deliver, intake_for
from tests.listener.sending import GUID, changed, headers, recorded
from tests.listener.stored import counted, kept
from tests.servers import START, Server

RUN = "workflow_run__completed_success"

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_signed_object_of_wrong_type_is_quarantined_until_it_can_be_applied(
    deliver: Deliver, engine: sa.Engine
):
    broken = changed(RUN, workflow_run__id="x")
    answer = deliver("workflow_run", broken, X_GitHub_Delivery=GUID)
    fault = "workflow_run.id: wants a whole number, got 'x'"
    assert (answer.status_code, answer.json) == (202, {"status": "quarantined", "error": fault})
    assert counted(engine) == {"deliveries": 1}
    (row,) = kept(engine)
    assert (row["state"], row["body"], row["error"]) == ("quarantined", broken, fault)


def test_guid_is_a_duplicate_only_once_its_body_was_applied(deliver: Deliver, engine: sa.Engine):
    answer = deliver("workflow_job", recorded(RUN), X_GitHub_Delivery=GUID)
    fault = "payload.workflow: is in no body of a workflow_job event"
    assert (answer.status_code, answer.json) == (202, {"status": "quarantined", "error": fault})
    answer = deliver("workflow_run", recorded(RUN), X_GitHub_Delivery=GUID)
    assert (answer.status_code, answer.json) == (200, {"status": "applied"})
    (row,) = kept(engine)
    assert (row["state"], row["body"], row["error"]) == ("applied", recorded(RUN), None)
    answer = deliver("star", recorded(RUN), X_GitHub_Delivery=GUID)
    assert (answer.status_code, answer.json) == (200, {"status": "duplicate"})


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": None},
        {"repository": []},
        {"repository__id": "300029405"},
        {"repository__full_name": 7},
        {"workflow_run": None},
        {"workflow_run__run_attempt": 1.5},
        {"workflow_run__run_attempt": 2**40},
        {"workflow_run__id": 2**63},
        {"workflow_run__id": 2**64},
        {"repository__full_name": "org/" + "x" * 5000},
        {"repository__html_url": f"https://{'x' * 5000}.example.org/a/b"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_signed_object_that_no_row_can_hold_is_quarantined(
    deliver: Deliver, engine: sa.Engine, changes: dict[str, Any]
):
    answer = deliver("workflow_run", changed(RUN, **changes))
    assert (answer.status_code, answer.json["status"]) == (202, "quarantined")
    assert counted(engine) == {"deliveries": 1}


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"workflow_run__conclusion": "x" * 5000}, "conclusion"),
        ({"workflow_run__created_at": "yesterday"}, "createtime"),
        ({"workflow_run__head_branch": "x" * 5000}, "branchname"),
        ({"workflow_run__head_sha": "x"}, "commithash"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_field_that_cannot_be_read_is_null_and_said_in_the_log_and_on_the_delivery(
    deliver: Deliver,
    engine: sa.Engine,
    changes: dict[str, Any],
    column: str,
    caplog: pytest.LogCaptureFixture,
):
    answer = deliver("workflow_run", changed(RUN, **changes))
    assert (answer.status_code, answer.json) == (200, {"status": "applied"})
    (row,) = kept(engine)
    (field,) = changes
    assert row["state"] == "applied"
    assert row["error"].startswith(f"{field.replace('__', '.')}: wants ")
    assert "not all can be read" in caplog.text
    with engine.connect() as connection:
        (run,) = connection.execute(sa.select(workflowruns)).mappings()
    assert run[column] is None
    assert run["runnumber"] is not None


@on_sqlite
def test_mistake_of_ours_quarantines_the_delivery_and_is_loud(
    deliver: Deliver,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def broken(payload: object, found: object) -> events.Rows:
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setitem(events.EVENTS, "workflow_run", broken)
    answer = deliver("workflow_run", recorded(RUN))
    fault = "TypeError: unhashable type: 'list'"
    assert (answer.status_code, answer.json) == (202, {"status": "quarantined", "error": fault})
    assert [row["error"] for row in kept(engine)] == [fault]
    loud = [record for record in caplog.records if record.exc_info]
    assert [(record.levelname, record.message) for record in loud] == [("ERROR", "a mapping broke")]


@pytest.mark.parametrize(
    ("event", "body"),
    [("workflow_run", recorded(RUN)), ("star", b"{}"), ("push", b'{"ref": []}')],
    ids=["to store", "to ignore", "to quarantine"],
)
@on_sqlite
def test_delivery_while_the_database_is_down_is_to_be_sent_again(
    deliver: Deliver,
    public: Public,
    caplog: pytest.LogCaptureFixture,
    event: str,
    body: bytes,
):
    public.intake = intake_for(connect(DOWN))
    answer = deliver(event, body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json == {"status": "unavailable", "error": "nothing was stored, deliver again"}
    assert deliver(event, body).status_code == 503
    (said,) = [record for record in caplog.records if record.message != "unavailable"]
    assert said.message == "cannot write to the database"
    assert said.fields["cause"].startswith("connection: OperationalError: (2003, ")
    assert "hunter22" not in said.fields["cause"]


def test_delivery_that_the_schema_is_too_old_for_is_to_be_sent_again(
    public: Public, deliver: Deliver, database_url: str
):
    engine = connect(database_url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE branches DROP COLUMN deletetime"))
    public.intake = intake_for(engine)
    assert deliver("push", recorded("push__branch_created")).status_code == 503
    assert counted(engine) == {}  # not quarantined: its data is not at fault
    engine.dispose()


@pytest.mark.timed
@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_delivery_around_an_outage_is_applied_as_soon_as_the_server_is_back(
    private_server: Callable[..., Server], public: Public
):
    server = private_server()
    root = sa.create_engine(server.url, poolclass=sa.NullPool)
    with root.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE runs"))
    engine = connect(f"{server.url}/runs")
    migrate.upgrade(engine)
    intake = intake_for(engine)
    public.intake = intake

    def post() -> tuple[int, bool]:
        began, body = time.monotonic(), recorded(RUN)
        answer = public.post(body, headers("workflow_run", body))
        return answer.status_code, time.monotonic() - began < 8

    assert post() == (200, True)
    server.freeze()  # connections stay open and nobody answers
    try:
        assert [post(), post()] == [(503, True)] * 2
    finally:
        server.thaw()
    intake.breaker.try_once()
    assert post() == (200, True)
    server.kill()
    assert [post(), post()] == [(503, True)] * 2
    back = START[server.engine](server.dir, server.port)
    intake.breaker.try_once()
    assert post() == (200, True)
    engine.dispose()
    back.stop()


@on_sqlite
def test_delivery_that_can_not_even_be_quarantined_is_to_be_sent_again(
    deliver: Deliver, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    def broken(*arguments: object) -> list[DeliveryOutcome]:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("store.doors.webhook.store_all", broken)
    answer = deliver("push", b'{"ref": []}')
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert counted(engine) == {}
