"""Threads that fetch: all results, few at a time, and errors after what was paid for."""

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from backfill.pipeline.thread_pool import ThreadPool


@pytest.fixture
def pool():
    made = ThreadPool(threads=4)
    yield made
    made.close()


def collect(results: Iterator[int], done: list[int]) -> None:
    """Add results as they come: what came before an error is kept."""
    for result in results:
        done.append(result)


def test_results_of_all_tasks_come_in_any_order(pool: ThreadPool):
    assert sorted(pool.spread(partial(pow, number, 2) for number in range(50))) == [
        number**2 for number in range(50)
    ]
    assert list(pool.spread(iter([]))) == []


def test_tasks_are_taken_only_when_there_is_room(pool: ThreadPool):
    taken, begun, most = 0, 0, 0

    def tasks():
        nonlocal taken
        for _ in range(40):
            taken += 1
            yield lambda: time.sleep(0.001)

    for _ in pool.spread(tasks(), ahead=8):
        begun += 1
        most = max(most, taken - begun)
    assert (taken, begun) == (40, 40)
    assert most <= 8


def test_error_comes_after_the_results_that_are_under_way_and_drops_the_rest(pool: ThreadPool):
    ready = threading.Barrier(4, timeout=60)
    done: list[int] = []

    def work(number: int) -> int:
        if number < 4:  # fewer than four of the others would wait for the rest of their minute
            ready.wait()
        if number == 0:
            raise LookupError("lost")
        time.sleep(0.1)
        return number

    with pytest.raises(LookupError, match="lost"):
        collect(pool.spread(partial(work, number) for number in range(400)), done)
    assert {1, 2, 3} <= set(done)
    assert len(done) < 200
    assert list(pool.spread(iter([lambda: "goes on"]))) == ["goes on"]


def test_error_of_the_tasks_themselves_leaves_no_result_behind(pool: ThreadPool):
    def tasks():
        for number in range(4):
            yield partial(pow, number, 2)
        raise LookupError("no more")

    done: list[int] = []
    with pytest.raises(LookupError, match="no more"):
        collect(pool.spread(tasks(), ahead=8), done)
    assert sorted(done) == [0, 1, 4, 9]
    assert list(pool.spread(iter([lambda: "goes on"]))) == ["goes on"]
