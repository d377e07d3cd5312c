"""Run the whole programme, and print its figures as they stand in docs/reliability.md.

python -m tests.torture                 both engines and the controls
python -m tests.torture --part 10       a tenth of it
"""

import argparse
import sys
from collections.abc import Sequence

from tests.leftovers import close_session
from tests.torture.crash import CARELESS, LYING, RELAXED, Outcome, Plan, crash


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when nothing was lost where nothing may be, and the controls lost something."""
    flags = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    flags.add_argument("--part", type=int, default=1, help="divide all numbers by this")
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument(
        "--engine", default="mariadb", help="another server's, beside sqlite: mysql, postgresql"
    )
    given = flags.parse_args(argv)
    good = True
    try:
        for name, plan, must_lose in plans(given.engine, given.part, given.seed):
            outcome = crash(plan)
            good &= (outcome.verdict.lost > 0) if must_lose else outcome.verdict.is_good
            print(line(name, plan, outcome, must_lose), flush=True)
    finally:
        close_session()
    return 0 if good else 1


def plans(engine: str, part: int, seed: int) -> list[tuple[str, Plan, bool]]:
    """Return what is done, under a name, and whether deliveries must be lost in it."""
    few = 12_000 // part
    careless = Plan(engine, few, max(4, 24 // part), seed, ("worker", "everything"), door=CARELESS)
    relaxed = Plan(engine, few, max(4, 24 // part), seed, ("database",), RELAXED)
    lying = Plan("sqlite", few, max(6, 24 // part), seed, door=LYING)
    believing = lying._replace(door=(*LYING, "believing"))
    return [
        (engine, Plan(engine, 100_000 // part, 200 // part, seed), False),
        ("sqlite", Plan("sqlite", 100_000 // part, 200 // part, seed), False),
        ("control: flush=0", relaxed, True),
        ("control: answers before it commits", careless, True),
        ("sqlite, clocks that lie", lying, False),
        ("control: every clock is believed", believing, True),
    ]


def line(name: str, plan: Plan, outcome: Outcome, must_lose: bool) -> str:
    """Return a row of the table."""
    found, kills = outcome.verdict, ", ".join(f"{n} {one}" for one, n in outcome.killed.items())
    wanted = "losses found" if must_lose else "as it must be"
    good = found.lost > 0 if must_lose else found.is_good
    return (
        f"| {name} | {found.acknowledged} | {outcome.killed.total()} ({kills}) | {found.lost} | "
        f"{found.doubled} | {found.different} | {outcome.slowest:.1f} s | "
        f"{outcome.seconds:.0f} s | {plan.seed} | {wanted if good else 'WRONG'} |"
    )


if __name__ == "__main__":
    sys.exit(main())
