"""Make every fault that a programme makes, and ask `--check` what is wrong and what helps.

python -m tests.faults                        all of them
python -m tests.faults --engine postgresql    the outages of another server
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from tests.faults import server_faults, store_faults, world_faults


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each fault; return 0 when each is told with what helps."""
    flags = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    flags.add_argument("--engine", default="mariadb", choices=("mariadb", "mysql", "postgresql"))
    given = flags.parse_args(argv)
    logging.disable(logging.CRITICAL)
    untold = number = 0
    with tempfile.TemporaryDirectory() as folder:
        for outcome in chain(
            store_faults.outcomes(Path(folder)),
            world_faults.outcomes(Path(folder)),
            server_faults.outcomes(given.engine),
        ):
            fault, told = outcome.fault, outcome.told
            mark = told[:5].strip() or "NOT TOLD"
            number, untold = number + 1, untold + (not told)
            line = fault.line.removesuffix(" of").strip() or told[6:].partition(":")[0]
            print(
                f"| {fault.name} | {fault.programmes} | {mark} `{line}` | {fault.says} |",
                flush=True,
            )
            if not told:
                print("\n".join(outcome.lines), file=sys.stderr, flush=True)
    print(f"{number} faults, {untold} not told")
    return int(untold > 0)


if __name__ == "__main__":
    sys.exit(main())
