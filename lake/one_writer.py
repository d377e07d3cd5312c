"""One process at a time writes the lake: by a lease in the store."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engines import lease
from lake.sync import Store
from schema.tables.reconciler import leases

LEASE, LEASE_SECONDS = "lake", 60.0


class Busy(Exception):
    """Another process syncs or maintains the lake."""


@contextmanager
def held(store: Store) -> Iterator[None]:
    """Hold the lease of whoever writes the lake. Raises Busy."""
    mine = lease.Lease(store.writer, leases, LEASE, lease.own_name())
    if not lease.take(mine, LEASE_SECONDS, from_gone=True):
        raise Busy("another process syncs or maintains the lake; try again when it is done")
    over = threading.Event()
    keeper = threading.Thread(target=lease.keep, args=(mine, LEASE_SECONDS, over.wait), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        lease.release(mine)
