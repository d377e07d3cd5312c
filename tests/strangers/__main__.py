"""Attack a listener in each way, and print the figures as they stand in docs/reliability.md.

python -m tests.strangers                   every attack, `python3 listener.py`
python -m tests.strangers --way flask       the same app on gunicorn with 8 threads
python -m tests.strangers --times 2         twice as many connections
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.listener.process import running, running_on_gunicorn
from tests.strangers.attacks import ATTACKS, Attack, allow_files
from tests.strangers.measuring import Outcome, measure


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when no signed delivery took two seconds."""
    flags = argparse.ArgumentParser(prog="python -m tests.strangers", description=__doc__)
    flags.add_argument("--way", choices=["asgi", "flask"], default="asgi")
    flags.add_argument("--seconds", type=float, default=10, help="of each attack")
    flags.add_argument("--times", type=float, default=1, help="multiply connections by this")
    given = flags.parse_args(argv)
    allow_files()
    good = True
    for attack in ATTACKS:
        some = attack._replace(connections=max(1, int(attack.connections * given.times)))
        with tempfile.TemporaryDirectory() as folder:
            served = (
                running(Path(folder))
                if given.way == "asgi"
                else running_on_gunicorn(Path(folder), "--threads", "8", "--keep-alive", "0")
            )
            with served as listener:
                outcome = measure(listener, some, given.seconds)
        good &= outcome.is_good
        print(line(some, outcome), flush=True)
    return 0 if good else 1


def line(attack: Attack, outcome: Outcome) -> str:
    """Return a row of the table."""
    return (
        f"| {attack.name} | {attack.connections:,} | {outcome.connections:,.0f} | "
        f"{outcome.sent / 1e6:,.1f} | {outcome.asked} | {outcome.short:.2f} s | "
        f"{outcome.long:.2f} s | {'as it must be' if outcome.is_good else 'TOO LATE'} |"
    )


if __name__ == "__main__":
    sys.exit(main())
