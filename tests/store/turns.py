"""Two writers whose statements take turns: every interleaving that a database would allow."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, event

from tests.store.writers import together

PATIENCE = 0.1  # seconds after which a writer is taken to be waiting for the other's lock


class Turns:
    """Whose statement comes next: 0 or 1, while the other waits for it or for a lock."""

    def __init__(self, order: Sequence[int]) -> None:
        self.order = list(order)
        self.held = {0: False, 1: False}
        self.changed = threading.Condition()

    def take(self, writer: int) -> None:
        """Wait until it is this writer's turn, or the other cannot take its own."""
        other = 1 - writer
        with self.changed:
            self.held[writer] = False
            if not self.changed.wait_for(lambda: self.held[other] or self.next(writer), PATIENCE):
                self.held[other] = True  # by a lock of ours, until it speaks again
            if self.order:
                self.order.pop(0)
            self.changed.notify_all()

    def next(self, writer: int) -> bool:
        """Tell whether it is this writer's turn."""
        return not self.order or self.order[0] == writer

    def leave(self, writer: int) -> None:
        """Note that a writer has done all it had to."""
        with self.changed:
            self.held[writer] = True
            self.changed.notify_all()


def in_turns(
    engines: Sequence[Engine], works: Sequence[Callable[[], object]], order: Sequence[int]
) -> None:
    """Run two functions at once, each on an engine of its own, statement by statement.

    `order` says who executes the next statement or commits, 0 or 1; what comes after it is free.
    """
    turns = Turns(order)
    hooks: list[tuple[Engine, str, Any]] = []
    for writer, engine in enumerate(engines):
        for name in ("before_cursor_execute", "commit"):

            def hook(*_: object, writer: int = writer) -> None:
                turns.take(writer)

            event.listen(engine, name, hook)
            hooks.append((engine, name, hook))

    def work(writer: int) -> None:
        try:
            works[writer]()
        finally:
            turns.leave(writer)

    try:
        together([lambda: work(0), lambda: work(1)])
    finally:
        for engine, name, hook in hooks:
            event.remove(engine, name, hook)
