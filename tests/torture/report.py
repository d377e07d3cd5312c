"""Let every outage happen on both servers, and print the table of docs/reliability.md.

python -m tests.torture.report
"""

import sys
import tempfile
from pathlib import Path

from tests.leftovers import close_session
from tests.torture.outages import OUTAGES, Outcome, Plan, outage


def main() -> int:
    """Return 0 when nothing was lost in any of them, or in those that are named."""
    names, good = sys.argv[1:] or OUTAGES, True
    try:
        for engine in ("mariadb", "mysql"):
            for name in names:
                with tempfile.TemporaryDirectory(prefix="runledger-outage-") as folder:
                    found = outage(name, Plan(engine), Path(folder))
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
