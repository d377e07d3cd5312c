"""Play rounds until enough answers were odd, and the controls; print the figures.

python -m tests.odd_answers                 20,000 odd answers
python -m tests.odd_answers --answers 500   as many as are wanted
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.odd_answers.control import without_guard, without_names
from tests.odd_answers.programme import play

CONTROL = 20
"""Rounds of a control, of which one must go wrong."""


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when nothing went wrong but in the controls."""
    flags = argparse.ArgumentParser(prog="python -m tests.odd_answers", description=__doc__)
    flags.add_argument("--answers", type=int, default=20_000)
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    given = flags.parse_args(argv)
    odd, seed, wrong, begun = 0, given.seed, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        while odd < given.answers and time.monotonic() - begun < given.seconds:
            result = play(seed, Path(folder))
            odd, wrong = odd + result.odd, wrong + len(result.wrong)
            for sentence in result.wrong:
                print(f"seed {seed}: {sentence}", flush=True)
            seed += 1
        seconds, rounds = time.monotonic() - begun, seed - given.seed
        print(f"{odd} odd answers in {rounds} rounds, {wrong} wrong, {seconds:.0f} s", flush=True)
        noticed = {}
        for control in (without_guard, without_names):
            with control():
                tries = (play(-number, Path(folder)).wrong for number in range(1, CONTROL))
                noticed[control.__name__] = any(tries)
            for file in Path(folder).iterdir():
                file.unlink()
    for name, is_noticed in noticed.items():
        print(f"control {name}: {'noticed' if is_noticed else 'NOT NOTICED'}")
    return 0 if not wrong and all(noticed.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
