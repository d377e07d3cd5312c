"""How often Python looks for garbage: rows and lines refer to nobody in circles.

What is freed by its last reference is freed as ever; only circles wait for the collector, which
else looks through a batch of rows many times while that is made.
https://docs.python.org/3/library/gc.html#gc.freeze
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 10_000
"""New ones, until those that refer to each other are looked for. Python's own is 700."""


def settle(objects: int = OBJECTS, younger: int = 20, older: int = 50) -> None:
    """Pass over all that is there now, libraries, which stay to the end; look through the rest
    after so many new objects.

    `younger` and `older`: after how many looks at the younger the older are looked at, too.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(objects, younger, older)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look seldom meanwhile: looking took a tenth to a fifth of a load, a drain or a backfill."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(OBJECTS, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
