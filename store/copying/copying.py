"""Copy a store while it is written to: append, go over both until little changes, open the copy."""

import time
from collections.abc import Callable

from sqlalchemy import Engine

from engines.lease import Lease, release, take
from store.copying import copy_record
from store.copying.comparison import Round, compare
from store.copying.copy_record import Store
from store.copying.table_copy import Copying, Report, append_missing

ROUNDS = 6
FEW = 1_000
"""Rows: a round that wrote no more has come as near to a busy source as another would."""


class LeaseLost(Exception):
    """Another process has begun to copy to the target, since this one was held up too long."""


def copy_store(
    store: Store,
    target: Engine,
    report: Report,
    told: Callable[[Round], None],
    *,
    hold: bool = False,
) -> Round:
    """Copy a store and return the last look at both; `told` is called after each.

    The target is open then, unless it is to be held: the same again goes on. Raises Refused, Busy,
    LeaseLost, Uncopied, UpgradeLocked, DBAPIError.
    """
    lease = copy_record.begin(store, target)
    try:
        copying = Copying(store.engine, target, report, keeper(lease))
        append_missing(copying)
        for _ in range(ROUNDS):
            last = compare(copying)
            told(last)
            if last.changed <= FEW:
                break
        if not hold:
            copy_record.finish(target, last)
        return last
    finally:
        release(lease)


def keeper(lease: Lease) -> Callable[[], None]:
    """Return what keeps a lease when it is called often enough. Raises LeaseLost."""
    taken = time.monotonic()

    def keep() -> None:
        nonlocal taken
        if time.monotonic() - taken < copy_record.LEASE_SECONDS / 4:
            return
        taken = time.monotonic()
        if not take(lease, copy_record.LEASE_SECONDS):
            raise LeaseLost("another --copy-to has begun meanwhile")

    return keep
