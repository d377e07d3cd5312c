"""Deliveries that come at once are committed together, and answered apart."""

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from listener.intake import intake as intake_module
from listener.intake.group_commit import GroupCommit, Listening, settle_all
from listener.intake.intake import Intake
from runtime.file_lock import FileLock
from store.deliveries.spool import Spool
from store.doors import webhook
from store.doors.decide import Decision
from store.doors.webhook import DeliveryOutcome
from store.write.stored_rows import Values
from tests.listener.asking import Public
from tests.listener.conftest import intake_for
from tests.listener.intake.commits import Gate, wait_for_queue
from tests.listener.sending import changed, headers, recorded
from tests.listener.stored import counted, kept

RUN = "workflow_run__completed_success"
MANY = 6

Answered = tuple[int, str]


def post(public: Public, event: str, body: bytes, guid: str) -> Answered:
    made = headers(event, body, X_GitHub_Delivery=guid)
    answer = public.post(body, made)
    return answer.status_code, answer.json["status"]


def at_once(public: Public, intake: Intake, gate: Gate, those: list[bytes]) -> list[Answered]:
    """Post one delivery, and the others while its commit is held up; return their answers."""
    with ThreadPoolExecutor(len(those) + 1) as pool:
        first = pool.submit(post, public, "workflow_run", recorded(RUN), "first")
        assert gate.reached.wait(60)
        found: list[Future[Answered]] = [
            pool.submit(post, public, "workflow_run", body, f"guid-{number}")
            for number, body in enumerate(those)
        ]
        wait_for_queue(intake, len(those))
        gate.opened.set()
        assert first.result() == (200, "applied")
        return [one.result() for one in found]


def test_deliveries_that_come_during_a_commit_share_the_next_one(
    public: Public, intake: Intake, engine: sa.Engine, gate: Gate
):
    bodies = [changed(RUN, workflow_run__id=number) for number in range(1, MANY + 1)]
    assert at_once(public, intake, gate, bodies) == [(200, "applied")] * MANY
    assert gate.commits == 2
    assert counted(engine)["workflowruns"] == MANY + 1
    assert counted(engine)["deliveries"] == MANY + 1


def test_turn_is_given_back_when_only_the_commit_is_missing(
    public: Public, intake: Intake, gate: Gate, tmp_path: Path
):
    with ThreadPoolExecutor(1) as pool:
        intake.group_commit.turns = FileLock(tmp_path / "lock")
        answer = pool.submit(post, public, "workflow_run", recorded(RUN), "first")
        assert gate.reached.wait(60)
        other = FileLock(tmp_path / "lock")
        other.wait()
        gate.opened.set()
        assert answer.result() == (200, "applied")
        other.close()


def test_batch_waits_for_its_turn(public: Public, intake: Intake, gate: Gate, tmp_path: Path):
    gate.opened.set()
    with ThreadPoolExecutor(1) as pool:
        intake.group_commit.turns = FileLock(tmp_path / "lock")
        other = FileLock(tmp_path / "lock")
        other.wait()
        answer = pool.submit(post, public, "workflow_run", recorded(RUN), "first")
        assert not gate.reached.wait(0.3)
        other.close()
        assert answer.result() == (200, "applied")


def test_rows_are_made_while_a_batch_waits_for_its_turn(
    public: Public, intake: Intake, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made: list[str] = []
    row_of = webhook.row_of

    def note(new: Decision) -> Values:
        made.append(new.delivery.guid)
        return row_of(new)

    monkeypatch.setattr(webhook, "row_of", note)
    gate.opened.set()
    with ThreadPoolExecutor(1) as pool:
        intake.group_commit.turns = FileLock(tmp_path / "lock")
        other = FileLock(tmp_path / "lock")
        other.wait()
        answer = pool.submit(post, public, "workflow_run", recorded(RUN), "first")
        ends = time.monotonic() + 60
        while not made and time.monotonic() < ends:
            time.sleep(0.01)
        assert gate.commits == 0
        other.close()
        assert answer.result() == (200, "applied")
    assert made == ["first"]


def test_delivery_whose_values_are_refused_is_quarantined_alone(
    public: Public, intake: Intake, engine: sa.Engine, gate: Gate
):
    bodies = [changed(RUN, workflow_run__id=number) for number in range(1, MANY + 1)]
    bodies[3] = changed(RUN, workflow_run__id=4, repository__full_name="org/" + "x" * 5000)
    found = at_once(public, intake, gate, bodies)
    assert found.pop(3) == (202, "quarantined")
    assert found == [(200, "applied")] * (MANY - 1)
    states = {row["guid"]: row["state"] for row in kept(engine)}
    assert states.pop("guid-3") == "quarantined"
    assert set(states.values()) == {"applied"}
    assert counted(engine)["workflowruns"] == MANY


def test_delivery_that_waits_too_long_is_spooled_and_its_batch_may_still_commit(
    public: Public,
    intake: Intake,
    engine: sa.Engine,
    gate: Gate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(intake_module, "DATABASE_SECONDS", 0.2)
    spool = Spool(tmp_path / "spool")
    public.intake = intake._replace(spool=spool)
    assert post(public, "workflow_run", recorded(RUN), "late") == (202, "spooled")
    assert intake.breaker.is_open
    gate.opened.set()
    ends = time.monotonic() + 60
    while not kept(engine) and time.monotonic() < ends:
        time.sleep(0.01)
    assert [(row["guid"], row["state"]) for row in kept(engine)] == [("late", "applied")]
    assert spool.count() == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_database_that_fails_sends_those_that_wait_to_the_spool_as_well(
    public: Public, tmp_path: Path
):
    engine = sa.create_engine("sqlite://")  # without a schema
    reached, opened = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        reached.set()
        assert opened.wait(60)

    sa.event.listen(engine, "begin", hold)
    intake = intake_for(engine, Spool(tmp_path / "spool"))
    public.intake = intake
    with ThreadPoolExecutor(MANY) as pool:
        found = [pool.submit(post, public, "workflow_run", recorded(RUN), "first")]
        assert reached.wait(60)
        found += [
            pool.submit(post, public, "workflow_run", recorded(RUN), f"guid-{number}")
            for number in range(1, MANY)
        ]
        wait_for_queue(intake, MANY - 1)
        opened.set()
        assert [one.result() for one in found] == [(202, "spooled")] * MANY
    assert intake.breaker.is_open
    assert intake.spool is not None
    assert intake.spool.count() == MANY


def test_mistake_with_one_outcome_leaves_the_others_told():
    told = list[object]()

    def fail(_: object) -> None:
        raise RuntimeError("a mistake of ours")

    async def settled() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        outcome = DeliveryOutcome("applied")
        listening = [Listening(learn, 9) for learn in (fail, told.append)]
        settle_all((one, outcome) for one in listening)
        await asyncio.sleep(0.05)

    with ThreadPoolExecutor(1) as pool:  # others' loops may run in this thread
        pool.submit(asyncio.run, settled()).result()
    mistake, outcome = told
    assert isinstance(mistake, dict)
    assert str(mistake["exception"]) == "a mistake of ours"
    assert outcome == DeliveryOutcome("applied")


def test_thread_that_cannot_be_started_queues_nothing_and_is_tried_again(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    group = GroupCommit(engine)
    ticket: Any = object()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail_to_start)
        with pytest.raises(RuntimeError, match="can't start"):
            group.put(ticket)
    assert group.queue.empty()
    assert group.thread is None


def fail_to_start(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
