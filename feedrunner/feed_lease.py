"""One process loads a feed: it has the feed's lease for as long as it lives, and little longer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from engines.lease import Lease, keep, own_name, release, take
from schema.tables.reconciler import leases
from store.feeds.past_loads import lease_name

SECONDS = 60.0
"""After which all know of a process that was killed on another machine."""


class Busy(Exception):
    """Another process loads this feed."""


@contextmanager
def held(engine: Engine, feed: str) -> Iterator[None]:
    """Hold a feed's lease during the block. Raises Busy, SQLAlchemyError."""
    lease = Lease(engine, leases, lease_name(feed), own_name())
    if not take(lease, SECONDS, from_gone=True):
        raise Busy(f"{feed} is loaded by another process")
    is_over = threading.Event()
    keeping = threading.Thread(target=keep, args=(lease, SECONDS, is_over.wait), daemon=True)
    keeping.start()
    try:
        yield
    finally:
        is_over.set()
        keeping.join()
        release(lease)
