"""One, two and four listeners on one database, all deliveries being of one busy repository.

Each listener is a master with workers, a spool and a turn of its own, as on machines apart: their
transactions meet in the database only. The database flushes at each commit, as in production.
"""

import statistics
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from benchmarks.clients import load
from benchmarks.clients.load import Load
from benchmarks.measuring import SERVERS, parser_of, print_head, row, workspace
from tests import servers
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each engine and number of listeners; 1 when a delivery was not applied."""
    flags = parser_of("listeners", __doc__, SERVERS)
    flags.add_argument("--listeners", nargs="+", type=int, default=[1, 2, 4])
    flags.add_argument("--connections", type=int, default=16, help="in all")
    flags.add_argument("--requests", type=int, default=600, help="in one round")
    flags.add_argument("--rounds", type=int, default=5)
    given = flags.parse_args(argv)
    titles = ("engine", "listeners", "requests/s", "p50", "p99", "max")
    print_head(*titles, "deadlocks", "lock waits", "waited", "")
    all_applied = True
    with workspace() as folder:
        for engine in given.engines:
            for number in given.listeners:
                rounds = bench(engine, number, given, folder / f"{engine}-{number}")
                print(line(engine, number, rounds), flush=True)
                for note in rounds.notes:
                    print(note, file=sys.stderr)
                all_applied &= all(each.is_applied for each in rounds.loads)
    return 0 if all_applied else 1


class Rounds(NamedTuple):
    """The rounds after the first, which warms up; of all rounds the server's deadlocks, waits for
    a row's lock and their ms; and what the listeners complained of."""

    loads: list[Load]
    locks: list[int]
    notes: list[str]


def bench(engine: str, number: int, given: Namespace, folder: Path) -> Rounds:
    """Send rounds of requests to so many listeners."""
    shots = iter(shots_of_today(8, given.requests * (given.rounds + 1), repos=1))
    with ExitStack() as stack:
        stages = start(engine, number, folder, stack)
        ports, loads = [one.port for one in stages], []
        while batch := [shot.request for shot in islice(shots, given.requests)]:
            loads.append(load.send(ports, batch, given.connections))
        notes = [note for one in stages for note in complaints(one)]
        return Rounds(loads[1:], locks(stages[0]), notes)


def start(engine: str, number: int, folder: Path, stack: ExitStack) -> list[Stage]:
    """Start listeners on the database of the first, until the stack is closed."""
    first = Stage(engine, folder / "0", servers.LOGGED)
    stack.callback(first.close)
    # A stage on SQLite starts no server; its listener is given another database.
    others = [Stage("sqlite", folder / str(place)) for place in range(1, number)]
    first.start()
    for stage in others:
        stack.callback(stage.close)
        stage.start(first.url)
    return [first, *others]


def complaints(stage: Stage) -> list[str]:
    """Return what a listener's log has beside its deliveries, each once, without its time."""
    lines = (line.partition(" ")[2] for line in stage.log().splitlines() if "=info" not in line)
    return list(dict.fromkeys(lines))


def locks(stage: Stage) -> list[int]:
    """Return how many deadlocks a server has found, and how many waits for locks, of how many ms.

    https://dev.mysql.com/doc/refman/8.4/en/server-status-variables.html
    """
    engine = stage.engine()
    with engine.connect() as connection:
        table = text(
            "SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'"
        )
        counts = [int(connection.execute(table).scalar_one())]
        for name in ("waits", "time"):
            shown = connection.execute(text(f"SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_{name}'"))
            counts.append(int(shown.one()[1]))
    engine.dispose()
    return counts


def line(engine: str, number: int, rounds: Rounds) -> str:
    """Return a row of the table: medians of the rounds, but the longest of all answers."""
    loads = rounds.loads
    rate = statistics.median(len(one.answers) / one.seconds for one in loads)
    half, most = (statistics.median(one.percentile(part) for one in loads) for part in (0.5, 0.99))
    longest = max(max(one.answers) for one in loads)
    total: Counter[bytes] = sum((one.said for one in loads), Counter())
    times = [f"{1000 * one:.0f} ms" for one in (half, most, longest)]
    deadlocks, waits, waited = rounds.locks
    locked = (deadlocks, waits, f"{waited / 1000:.1f} s")
    return row(engine, number, f"{rate:.0f}", *times, *locked, load.listed(total))


if __name__ == "__main__":
    sys.exit(main())
