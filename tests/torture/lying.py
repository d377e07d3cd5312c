"""A listener whose machine has a wrong clock: another one at each start, and at times a leap.

`believing` as the first argument lets it drop raw deliveries by that clock alone: the torture must
find what it loses.
"""

import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from engines.kind import KINDS, kind_of
from listener import webhook
from listener.cli import main
from store.deliveries import retention, table
from store.state import clock
from tests.clocks import __main__ as clocks

WRONG = (timedelta(0), timedelta(days=40), timedelta(days=9000), timedelta(hours=-1))
LEAP_SECONDS = 3.0
"""After which a clock that was wrong is set right, and wrong again."""


def main_of_lying(arguments: Sequence[str]) -> int:
    """Run the listener."""
    wrong, begun, usual = random.Random(os.getpid()).choice(WRONG), time.monotonic(), table.now

    def now() -> datetime:
        is_wrong = int((time.monotonic() - begun) / LEAP_SECONDS) % 2 == 0
        return usual() + wrong if is_wrong else usual()

    KINDS["sqlite"] = replace(kind_of("sqlite://"), now=lambda _: now())
    vars(webhook)["now"] = now
    if arguments[0] == "believing":
        vars(clock)["trusted_time"] = clocks.trusting
        vars(retention)["list_old"] = clocks.by_time_alone
        arguments = arguments[1:]
    return main(arguments)


if __name__ == "__main__":
    raise SystemExit(main_of_lying(sys.argv[1:]))
