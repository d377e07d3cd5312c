"""Threads that fetch: many requests under way, few results in memory."""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

Result = TypeVar("Result")

THREADS = 16
AHEAD = 2 * THREADS
"""Tasks taken before their results are: those under way, and as many to go on with."""


class TaskOutcome(NamedTuple):
    """What a task returned, or what it raised."""

    result: Any
    error: BaseException | None


class ThreadPool:
    """Threads that run tasks until it is closed. They never hold up the end of the process."""

    def __init__(self, threads: int = THREADS) -> None:
        self.threads = threads
        self.tasks: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self.outcomes: SimpleQueue[TaskOutcome] = SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self.work, name=f"fetch {number}", daemon=True).start()

    def work(self) -> None:
        """Run tasks until there will be no more."""
        while (task := self.tasks.get()) is not None:
            try:
                outcome = TaskOutcome(task(), None)
            except BaseException as error:  # noqa: BLE001 - raised again by `spread`, in its thread
                outcome = TaskOutcome(None, error)
            self.outcomes.put(outcome)

    def close(self) -> None:
        """Let each thread end once it has done what it does now."""
        for _ in range(self.threads):
            self.tasks.put(None)

    def spread(self, tasks: Iterator[Callable[[], Result]], ahead: int = AHEAD) -> Iterator[Result]:
        """Yield the results of tasks as they come; at most `ahead` are under way.

        A task is taken from `tasks` only when there is room for it. What a task raises, or
        `tasks`, is raised here after the results of those under way: they were paid for.
        """
        under_way, more = 0, True
        error: BaseException | None = None
        while True:
            while more and under_way < ahead:
                try:
                    task = next(tasks, None)
                except Exception as broken:  # noqa: BLE001 - raised below, after what is under way
                    error, task = error or broken, None
                if task is None:
                    more = False
                    break
                self.tasks.put(task)
                under_way += 1
            if not under_way:
                break
            outcome = self.outcomes.get()
            under_way -= 1
            if outcome.error is None:
                yield outcome.result
                continue
            error, more = error or outcome.error, False
            under_way -= self.drop()
        if error is not None:
            raise error

    def drop(self) -> int:
        """Take back the tasks that no thread has begun; return how many."""
        dropped = 0
        while True:
            try:
                self.tasks.get_nowait()
            except Empty:
                return dropped
            dropped += 1
