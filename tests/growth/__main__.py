"""Live a year in minutes, and hold each month against the bounds of tables and files.

python -m tests.growth                    a year on SQLite, one on MariaDB, and the controls
python -m tests.growth --days 60 --runs 10 --engine sqlite

The world, its deliveries, the reconciler and the upkeep are the real ones; their clocks show
the world's time. For twenty days of each month a reader's transaction stays open.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from unittest import mock

from engines import sqlite
from store.deliveries import retention
from store.state import audits, backfill_progress
from tests import databases
from tests.clocks.__main__ import MEMORY
from tests.growth.bounds import FILES, TABLES, list_exceeded, measure
from tests.growth.year import MONTH, year_of
from tests.leftovers import close_session

CONTROLS: dict[str, tuple[object, str, object]] = {
    "raw deliveries are kept": (retention, "drop", lambda *_: 0),
    "SQLite's log is not cut": (sqlite, "LOG_BYTES", 10**12),
    "pages of joined windows stay": (backfill_progress, "keep_pages", lambda *_, **__: None),
    "verdicts are kept": (audits, "KEPT", timedelta(days=9000)),
}
"""What is in place of a bound."""

Sizes = dict[str, int]


def live(engine: str, days: int, runs: int, control: str | None = None) -> tuple[Sizes, list[str]]:
    """Let days go by with so many runs; return the last sizes, and what was beyond its bound.

    Each month is looked at; with a control, one bound is taken away.
    """
    exceeded = list[str]()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY)))
        if control is not None:
            stack.enter_context(mock.patch.object(*CONTROLS[control]))
        url = stack.enter_context(databases.fresh(engine, folder))
        year = stack.enter_context(year_of(url, folder))
        while year.load.days < days:
            year.go_on(min(MONTH, days - year.load.days), runs)
            year.end_reader()
            sizes = measure(year, folder)
            exceeded += list_exceeded(sizes, year.load)
    return sizes, exceeded


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table of docs/reliability.md; return 0 when all is within its bound."""
    flags = argparse.ArgumentParser(prog="python -m tests.growth", description=__doc__)
    flags.add_argument("--days", type=int, default=365)
    flags.add_argument("--runs", type=int, default=3, help="on each day, of 7 deliveries")
    flags.add_argument("--engine", action="append", choices=databases.ENGINES)
    given = flags.parse_args(argv)
    logging.disable(logging.DEBUG)
    is_good, ends = True, list[Sizes]()
    engines = given.engine or ["sqlite", "mariadb"]
    try:
        for engine in engines:
            begun = time.monotonic()
            sizes, exceeded = live(engine, given.days, given.runs)
            print(f"{engine}: {given.days} days in {time.monotonic() - begun:.0f} s", flush=True)
            print("".join(f"  {line}\n" for line in exceeded), end="", flush=True)
            is_good &= not exceeded
            ends.append(sizes)
        for name, bound in {**TABLES, **FILES}.items():
            counts = " | ".join(f"{sizes[name]:,}" for sizes in ends)
            print(f"| {name} | {bound.grows} | {counts} |")
        for control in CONTROLS:
            _, exceeded = live("sqlite", min(given.days, 2 * 60), given.runs, control)
            print(f"control: {control}: {exceeded[:1] or 'NOT NOTICED'}", flush=True)
            is_good &= bool(exceeded)
    finally:
        close_session()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
