"""Let every outage happen on every server, and print the table of docs/reliability.md.

python -m tests.torture.report [--engine ENGINE ...] [OUTAGE ...]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.leftovers import close_session
from tests.postgresql.outages import WAYS
from tests.torture.outages import OUTAGES, Outcome, Plan, outage

ENGINES = {"mariadb": None, "mysql": None, "postgresql": WAYS}


def main(argv: list[str] | None = None) -> int:
    """Return 0 when nothing was lost in any of them, or in those that are named."""
    flags = argparse.ArgumentParser(prog="python -m tests.torture.report", description=__doc__)
    flags.add_argument("--engine", action="append", choices=ENGINES)
    flags.add_argument("names", nargs="*", metavar="OUTAGE", help=", ".join(OUTAGES))
    given, good = flags.parse_args(argv), True
    try:
        for engine in given.engine or ENGINES:
            for name in given.names or OUTAGES:
                with tempfile.TemporaryDirectory(prefix="runledger-outage-") as folder:
                    found = outage(name, Plan(engine), Path(folder), ENGINES[engine])
                good &= found.verdict.is_good and found.failed == 0
                print(line(engine, name, found), flush=True)
    finally:
        close_session()
    return 0 if good else 1


def line(engine: str, name: str, found: Outcome) -> str:
    """Return a row of the table."""
    later = "" if name == "flickering" else f"{found.p99_later:.2f} s"
    return (
        f"| {engine} | {name} | {found.spooled} | {found.verdict.lost} | {found.slowest:.1f} s | "
        f"{later} | {found.drained:.1f} s | {found.threads} |"
    )


if __name__ == "__main__":
    sys.exit(main())
