"""A batch waits for as many as came together before, a moment, and a lone delivery for nobody."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from listener.intake.gathering import LONGEST, Gathering
from listener.intake.intake import Intake
from tests.listener.asking import Public
from tests.listener.intake.commits import Gate, wait_for_queue
from tests.listener.sending import changed, headers
from tests.listener.stored import counted

RUN = "workflow_run__completed_success"
MANY = 6


class Queue:
    """Counts what a batch may wait for."""

    def __init__(self) -> None:
        self.length = 0
        self.gathering = Gathering(lambda: self.length, longest=60)
        self.gathering.learn_time(120)

    def put(self, number: int) -> None:
        for _ in range(number):
            self.length += 1
            self.gathering.note()


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY) as made:
        yield made


def test_batch_waits_until_as_many_are_there_as_before(queue: Queue, pool: ThreadPoolExecutor):
    queue.gathering.learn(MANY)
    waiting = pool.submit(queue.gathering.wait)
    queue.put(MANY - 2)
    with pytest.raises(TimeoutError):
        waiting.result(0.2)
    queue.put(1)
    waiting.result(30)


def test_batch_that_is_as_large_waits_for_nobody(queue: Queue):
    queue.gathering.learn(MANY)
    queue.put(MANY - 1)
    began = time.monotonic()
    queue.gathering.wait()
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("together", [0, 1, 2, 3])
def test_few_wait_for_nobody(queue: Queue, together: int):
    queue.gathering.learn(together)
    began = time.monotonic()
    queue.gathering.wait()
    assert time.monotonic() - began < 30


def test_batch_goes_on_without_those_who_do_not_come():
    gathering = Gathering(lambda: 0)
    gathering.learn(MANY)
    gathering.learn_time(3600)
    assert gathering.patience == LONGEST
    gathering.wait()
    gathering.learn_time(LONGEST)
    assert gathering.patience == pytest.approx(LONGEST / 2)
    gathering.wait()


def test_no_delivery_is_missed_that_comes_when_the_wait_begins(pool: ThreadPoolExecutor):
    """Whatever the order of both, who waits is woken: 60 s would be an error."""
    for _ in range(300):
        queue = Queue()
        queue.gathering.learn(4)
        start = threading.Barrier(2)

        def come(queue: Queue = queue, start: threading.Barrier = start) -> None:
            start.wait(30)
            queue.put(3)

        coming = pool.submit(come)
        start.wait(30)
        queue.gathering.wait()
        assert queue.length == 3
        coming.result(30)


def post(public: Public, number: int) -> int:
    body = changed(RUN, workflow_run__id=number)
    made = headers("workflow_run", body, X_GitHub_Delivery=f"guid-{number}")
    return int(public.post(body, made).status_code)


def test_deliveries_that_were_answered_together_are_written_together_again(
    public: Public,
    intake: Intake,
    engine: sa.Engine,
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
):
    group = intake.group_commit
    gathering = Gathering(group.queue.qsize, longest=60)
    monkeypatch.setattr(gathering, "learn_time", lambda _: None)
    gathering.patience = 60.0
    group.gathering = gathering
    with ThreadPoolExecutor(MANY) as pool:
        first = pool.submit(post, public, 1)
        assert gate.reached.wait(60)
        others = [pool.submit(post, public, number) for number in range(2, MANY + 1)]
        wait_for_queue(intake, MANY - 1)
        gate.opened.set()
        assert first.result(60) == 200
        time.sleep(0.2)
        assert gate.commits == 1  # the others wait for the sender of the first
        others.append(pool.submit(post, public, 11))
        assert [one.result(60) for one in others] == [200] * MANY
        assert gate.commits == 2
        again = [pool.submit(post, public, number) for number in range(21, 20 + MANY)]
        wait_for_queue(intake, MANY - 2)
        time.sleep(0.2)
        assert gate.commits == 2
        again.append(pool.submit(post, public, 30))
        assert [one.result(60) for one in again] == [200] * MANY
    assert gate.commits == 3
    assert counted(engine)["workflowruns"] == 1 + 2 * MANY


def test_delivery_that_comes_alone_after_many_is_stored_without_them(
    public: Public, intake: Intake, engine: sa.Engine, gate: Gate
):
    gate.opened.set()
    intake.group_commit.gathering.learn(64)
    intake.group_commit.gathering.learn_time(3600)
    assert post(public, 1) == 200
    assert intake.group_commit.gathering.wanted == 1
    assert counted(engine)["workflowruns"] == 1
