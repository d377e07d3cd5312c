"""How fast deliveries are received, beside the least that a receiver can do: make bench.

Each variant gets the same requests from the same client, in turn, again and again; what counts is
the ratio of their medians. Databases flush at each commit, as in production.

(a) bare: Flask under gunicorn, which verifies the signature and stores nothing
(b) rows: Runledger
(c) wsgi: Runledger as a Flask app in gunicorn's threads, as any WSGI host runs it
(d) raw: Runledger's path, which stores the delivery as it came and no rows
(e) node: @octokit/webhooks and mysql2, which store the body as it came (where node is there)
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks import load, node
from benchmarks.load import Load
from tests import servers
from tests.leftovers import close_session
from tests.listener.process import ROOT
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

DOORS: dict[str, tuple[str, ...]] = {
    "bare": ("-m", "benchmarks.bare"),
    "rows": (str(ROOT / "listener.py"),),
    "wsgi": ("-m", "benchmarks.wsgi"),
    "raw": ("-m", "benchmarks.raw"),
    "node": ("-m", "benchmarks.node"),
}


class Round(NamedTuple):
    """One variant's turn: what its client saw, and the CPU seconds of listener and database."""

    load: Load
    python: float
    database: float


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each engine and number of connections."""
    flags = argparse.ArgumentParser(
        prog="python -m benchmarks.reception",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flags.add_argument("--engines", nargs="+", default=["sqlite", "mariadb", "mysql"])
    flags.add_argument("--connections", nargs="+", type=int, default=[1, 16, 64])
    flags.add_argument("--variants", nargs="+", default=["bare", "rows", "wsgi", "raw", "node"])
    flags.add_argument("--requests", type=int, default=600, help="in one round of one variant")
    flags.add_argument("--rounds", type=int, default=5)
    given = flags.parse_args(argv)
    print(
        "| engine | connections | variant | requests/s | of bare | p50 | p99 | ms Python | ms db |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    try:
        for engine in given.engines:
            bench(engine, given.connections, given.variants, given.requests, given.rounds)
    finally:
        close_session()
    return 0


def bench(
    engine: str, connections: Sequence[int], variants: Sequence[str], requests: int, rounds: int
) -> None:
    """Start every variant on a database of its own, and let them take turns."""
    deliveries = requests_of(requests * (rounds + 1) * len(connections))
    folder = Path(tempfile.mkdtemp(prefix="runledger-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stages = {}
        for name in variants:
            if name == "node" and (engine == "sqlite" or not node.is_there()):
                continue
            stages[name] = Stage(engine, folder / name, servers.LOGGED, door=DOORS[name])
            stack.callback(stages[name].close)
            stages[name].start()
        for number in connections:
            found: dict[str, list[Round]] = defaultdict(list)
            for place in range(rounds + 1):
                those = list(islice(deliveries, requests))
                for name, stage in stages.items():
                    one = turn(stage, those, number)
                    if place:  # the first warms up
                        found[name].append(one)
            for name, turns in found.items():
                print(line(engine, number, name, turns, found["bare"]), flush=True)


def requests_of(number: int) -> Iterator[bytes]:
    """Yield signed requests of a busy installation's day, with payloads of about 10 KB."""
    return (one.request for one in shots_of_today(8, number))


def turn(stage: Stage, requests: Sequence[bytes], connections: int) -> Round:
    """Send a variant its requests; every one must have been stored in the database."""
    ours = [stage.master.pid, *stage.workers()]
    theirs = [stage.server.pid] if stage.server else []
    python, database = cpu(ours), cpu(theirs)
    sent = load.send([stage.port], requests, connections)
    if set(sent.said) != {b"applied"}:
        print(f"not all were applied: {dict(sent.said)}", file=sys.stderr)
    return Round(sent, cpu(ours) - python, cpu(theirs) - database)


def cpu(pids: Iterable[int]) -> float:
    """Return the CPU seconds that processes have used."""
    found = (Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split() for pid in pids)
    return sum(int(fields[11]) + int(fields[12]) for fields in found) / os.sysconf("SC_CLK_TCK")


def line(engine: str, number: int, name: str, turns: list[Round], bare: list[Round]) -> str:
    """Return a row of the table, of medians."""
    rate = statistics.median(rate_of(one) for one in turns)
    ratios = [rate_of(one) / rate_of(other) for one, other in zip(turns, bare, strict=False)]
    ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
    half, most = (statistics.median(one.load.percentile(p) for one in turns) for p in (0.5, 0.99))
    python = statistics.median(one.python / len(one.load.answers) for one in turns)
    database = statistics.median(one.database / len(one.load.answers) for one in turns)
    return (
        f"| {engine} | {number} | {name} | {rate:.0f} | {ratio} | {1000 * half:.1f} ms | "
        f"{1000 * most:.1f} ms | {1000 * python:.2f} ms | {1000 * database:.2f} ms |"
    )


def rate_of(one: Round) -> float:
    """Return how many requests a second were answered."""
    return len(one.load.answers) / one.load.seconds


if __name__ == "__main__":
    sys.exit(main())
