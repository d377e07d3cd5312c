"""Let clocks lie for a while in some months of a store, and look at what that costs.

python -m tests.clocks                   500 faults, and the controls
python -m tests.clocks --faults 5000

Each is seeded: when it begins, how long it lasts, whether something is received meanwhile, and of
which record the server's own clock is years ahead.
"""

import argparse
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Connection, Engine, Row, Select, select

from engines import database_time, lease
from rows import version
from schema.tables.deliveries import deliveries
from store.deliveries import retention
from store.state import clock
from store.state.clock import Leap, TrustedTime
from tests.clocks.world import FAULTS, Outcome, befall

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - made anew in it
"""Where a sync of the disk takes no time: no power is cut here."""


def trusting(engine: Engine) -> TrustedTime:
    """Return what the clock shows."""
    with engine.connect() as connection:
        return TrustedTime(database_time(connection), ())


def by_time_alone(
    connection: Connection, age: timedelta, now: datetime, leaps: Sequence[Leap]
) -> Sequence[Row[Any]]:
    """Return what is old by its own time."""
    row = deliveries.c
    old: Select[Any] = select(row.Id, row.provider, row.guid).where(row.receivetime < now - age)
    return connection.execute(old.limit(retention.BATCH)).all()


def endless(seconds: float) -> timedelta:
    """Return how far ahead a lease may end: as far as it likes."""
    return timedelta(days=99_999)


CONTROLS: dict[str, list[tuple[object, str, object]]] = {
    "every clock is believed": [
        (clock, "trusted_time", trusting),
        (retention, "list_old", by_time_alone),
    ],
    "leases end when they say": [(lease, "longest_of", endless)],
    "every record is believed": [(version, "AHEAD", timedelta.max)],
}
"""What is in place of a guard."""


def run(faults: int, control: str | None = None) -> list[Outcome]:
    """Return what so many faults cost; with a control, without what guards against them."""
    outcomes = []
    with ExitStack() as stack:
        for guarded in CONTROLS[control] if control else ():
            stack.enter_context(mock.patch.object(*guarded))
        for seed in range(faults):
            with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
                outcomes.append(befall(Path(folder), seed))
    return outcomes


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each kind of fault; return 0 when none cost anything, and controls did."""
    flags = argparse.ArgumentParser(prog="python -m tests.clocks", description=__doc__)
    flags.add_argument("--faults", type=int, default=500)
    given = flags.parse_args(argv)
    logging.disable(logging.CRITICAL)
    outcomes = run(given.faults)
    for name in FAULTS:
        print(line(name, [one for one in outcomes if one.fault == name]))
    print(line("all", outcomes))
    is_good = all(one.is_well for one in outcomes)
    for control in CONTROLS:
        lost = run(2 * len(FAULTS), control)
        print(line(f"control: {control}", lost))
        is_good = is_good and not all(one.is_well for one in lost)
    return 0 if is_good else 1


def line(name: str, outcomes: Sequence[Outcome]) -> str:
    """Return a row of the table in docs/reliability.md."""
    sums = Counter[str]()
    for one in outcomes:
        sums.update(dict(zip(Outcome._fields[1:], one[1:], strict=True)))
    counts = (str(sums[field]) for field in Outcome._fields[1:])
    return f"| {name} | {len(outcomes)} | {' | '.join(counts)} |"


if __name__ == "__main__":
    sys.exit(main())
