"""Play rounds until enough answers were odd, and a control; print the figures.

python -m tests.odd_answers                 20,000 odd answers
python -m tests.odd_answers --answers 500   as many as are wanted
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.odd_answers.control import without_guard
from tests.odd_answers.programme import play

CONTROL = 20
"""Rounds without a guard, of which one must go wrong."""


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when nothing went wrong but in the control."""
    flags = argparse.ArgumentParser(prog="python -m tests.odd_answers", description=__doc__)
    flags.add_argument("--answers", type=int, default=20_000)
    flags.add_argument("--seed", type=int, default=1)
    given = flags.parse_args(argv)
    odd, seed, wrong, begun = 0, given.seed, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        while odd < given.answers:
            result = play(seed, Path(folder))
            odd, wrong = odd + result.odd, wrong + len(result.wrong)
            for sentence in result.wrong:
                print(f"seed {seed}: {sentence}", flush=True)
            seed += 1
        seconds = time.monotonic() - begun
        with without_guard():
            noticed = any(play(-number, Path(folder)).wrong for number in range(1, CONTROL))
    rounds = seed - given.seed
    print(f"{odd} odd answers in {rounds} rounds, {wrong} wrong, {seconds:.0f} s")
    print(f"control without the guard: {'noticed' if noticed else 'NOT NOTICED'}")
    return 0 if not wrong and noticed else 1


if __name__ == "__main__":
    raise SystemExit(main())
