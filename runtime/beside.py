"""What goes on in a thread while something else is done: a commit, a long statement.

Python's lock is free while a database works, so that both go on at once. What Python does itself
stays where it is: in a thread it would wait for that lock, and its data for another processor.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """One piece of work at a time, which goes on beside what is done meanwhile."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.result: Result | None = None
        self.error: BaseException | None = None

    def begin(self, work: Callable[[], Result]) -> None:
        """Begin work. What was begun before must have ended."""

        def run() -> None:
            try:
                self.result = work()
            except BaseException as error:  # noqa: BLE001 - raised by whoever waits for its end
                self.error = error

        self.thread = threading.Thread(target=run, name="beside")
        self.thread.start()

    def end(self) -> Result | None:
        """Wait for the end of what was begun, and return what it returned, None where nothing was.

        Raises what it raised.
        """
        if self.thread is not None:
            self.thread.join()
        self.thread = None
        result, error = self.result, self.error
        self.result = self.error = None
        if error is not None:
            raise error
        return result
