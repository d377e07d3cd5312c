"""Damage the files of spool and store anywhere, and count what is neither whole nor told.

python -m tests.damage                   500 damaged files of each, and the controls
python -m tests.damage --damages 5000
"""

import argparse
import logging
import sys
from collections.abc import Sequence

from tests.damage import spool, store


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each kind of damage; return 0 when nothing was lost in silence."""
    flags = argparse.ArgumentParser(prog="python -m tests.damage", description=__doc__)
    flags.add_argument("--damages", type=int, default=500)
    given = flags.parse_args(argv)
    logging.disable(logging.CRITICAL)
    return 0 if all([spool.report(given.damages), store.report(given.damages)]) else 1


if __name__ == "__main__":
    sys.exit(main())
