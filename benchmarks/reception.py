"""How fast deliveries are received, beside the least that a receiver can do: make bench.

Each variant gets the same requests from the same client, in turn, again and again; what counts is
the ratio of their medians. Databases flush at each commit, as in production. A first round, which
does not count, warms all of them up: V8 compiles what has run some thousand times.

(a) bare: Flask under gunicorn, which verifies the signature and stores nothing
(b) rows: Runledger
(c) wsgi: Runledger as a Flask app in gunicorn's threads, as any WSGI host runs it
(d) raw: Runledger's path, which stores the delivery as it came and no rows
(e) node: @octokit/webhooks and mysql2, which store the body as it came (where node is there)
(f) before: Runledger as another checkout has it (--before)

V8 goes on compiling what is sent more often, so that a Node receiver has two speeds for a delivery
that comes alone: `--connections 1 16 1` measures before and after it was busy.
"""

import statistics
import sys
import uuid
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.clients import load, wrk
from benchmarks.clients.load import Load
from benchmarks.clients.wrk import WrkLoad
from benchmarks.measuring import ENGINES, cpu, parser_of, print_head, row, workspace
from benchmarks.variants import VARIANTS, has_node
from tests import servers
from tests.listener.process import ROOT
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

WARM = 2000
"""Requests of the first round, at least."""
BODY_BYTES = 9000
"""Of the one body (`--bodies one`), at least."""

BEFORE = "before"
DOORS = {
    "rows": (str(ROOT / "listener.py"),),
    **{name: ("-m", "benchmarks.variants", name) for name in VARIANTS},
}


class Round(NamedTuple):
    """One variant's turn: what its client saw, and the CPU seconds of listener and database."""

    load: Load | WrkLoad
    python: float
    database: float


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each engine and number of connections."""
    flags = parser_of("reception", __doc__, ENGINES)
    flags.add_argument("--connections", nargs="+", type=int, default=[1, 16, 64])
    flags.add_argument(
        "--variants",
        nargs="+",
        choices=[*DOORS, BEFORE],
        default=["bare", "rows", "wsgi", "raw", "node"],
    )
    flags.add_argument("--before", type=Path, metavar="FOLDER", help="the checkout of `before`")
    flags.add_argument("--kept", action="store_true", help="use connections as often as may be")
    flags.add_argument("--requests", type=int, default=600, help="in one round of one variant")
    flags.add_argument("--rounds", type=int, default=5)
    flags.add_argument(
        "--bodies",
        choices=("world", "one"),
        default="world",
        help="deliveries of what happens in four repositories, or one job's again and again, "
        "each with a guid of its own",
    )
    flags.add_argument(
        "--wrk",
        type=int,
        metavar="SECONDS",
        help="let wrk send for so long in a round, in place of --requests by Python",
    )
    given = flags.parse_args(argv)
    if (BEFORE in given.variants) != (given.before is not None):
        flags.error("--before FOLDER and --variants ... before go together")
    if given.before and not (given.before / "listener.py").is_file():
        flags.error(f"argument --before: {given.before} has no listener.py")
    if given.wrk is not None and given.wrk < 1:
        flags.error("argument --wrk: must be 1 or more")
    if given.wrk and not wrk.is_there():
        print("wrk is not installed: apt install wrk", file=sys.stderr)
        return 1
    print_head(
        *("engine", "connections", "variant", "requests/s", "of bare"),
        *("p50", "p99", "ms Python", "ms db"),
    )
    with workspace() as folder:
        for engine in given.engines:
            bench(engine, given, folder / engine)
    return 0


def bench(engine: str, given: Namespace, folder: Path) -> None:
    """Start every variant on a database of its own, and let them take turns."""
    size = given.wrk * wrk.MOST_A_SECOND if given.wrk else given.requests
    first = max(size, WARM)
    number = (first + size * given.rounds) * len(given.connections)
    requests = requests_of(given.bodies, number)
    with ExitStack() as stack:
        stages = {}
        for name in given.variants:
            if name == "node" and (engine == "sqlite" or not has_node()):
                continue
            root = given.before.resolve() if name == BEFORE else ROOT
            door = DOORS.get(name, (str(root / "listener.py"),))
            stages[name] = Stage(engine, folder / name, servers.LOGGED, door, root)
            stack.callback(stages[name].close)
            stages[name].start()
        for connections in given.connections:
            rounds: dict[str, list[Round]] = defaultdict(list)
            for place in range(given.rounds + 1):
                batch = list(islice(requests, size if place else first))
                send = sender_of(batch, connections, given, folder)
                for name, stage in stages.items():
                    result = turn(stage, send)
                    if place:  # the first warms up
                        rounds[name].append(result)
            bare = rounds.get("bare", [])
            for name, turns in rounds.items():
                print(line(engine, connections, name, turns, bare), flush=True)


def requests_of(bodies: str, number: int) -> Iterator[bytes]:
    """Yield so many requests."""
    if bodies == "world":
        return (shot.request for shot in shots_of_today(8, number))
    jobs = (shot for shot in shots_of_today(8, WARM) if shot.event == "workflow_job")
    one = next(shot for shot in jobs if len(shot.body) >= BODY_BYTES)
    return (one._replace(guid=str(uuid.uuid4())).request for _ in range(number))


def sender_of(
    requests: Sequence[bytes], connections: int, given: Namespace, folder: Path
) -> Callable[[int], Load | WrkLoad]:
    """Return what sends requests to a port: this process, or wrk."""
    if not given.wrk:
        return lambda port: load.send([port], requests, connections, kept=given.kept)
    file = folder / "requests"
    wrk.write((load.kept(one) if given.kept else one for one in requests), file)
    return lambda port: wrk.send(port, file, connections, given.wrk)


def turn(stage: Stage, send: Callable[[int], Load | WrkLoad]) -> Round:
    """Send a variant its requests; every one must have been stored in the database."""
    ours = [stage.master.pid, *stage.workers()]
    theirs = stage.server.processes() if stage.server else []
    python, database = cpu(ours), cpu(theirs)
    sent = send(stage.port)
    if not sent.is_applied:
        print(f"not all were applied: {sent.outcome}", file=sys.stderr)
    return Round(sent, cpu(ours) - python, cpu(theirs) - database)


def line(engine: str, number: int, name: str, turns: list[Round], bare: list[Round]) -> str:
    """Return a row of the table, of medians."""
    rate = statistics.median(rate_of(one) for one in turns)
    ratios = [rate_of(one) / rate_of(other) for one, other in zip(turns, bare, strict=False)]
    ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
    half, most = (statistics.median(one.load.percentile(p) for one in turns) for p in (0.5, 0.99))
    python = statistics.median(one.python / one.load.number for one in turns)
    database = statistics.median(one.database / one.load.number for one in turns)
    waits = [f"{1000 * seconds:.2f} ms" for seconds in (half, most)]
    used = [f"{1000 * seconds:.2f} ms" for seconds in (python, database)]
    return row(engine, number, name, f"{rate:.0f}", ratio, *waits, *used)


def rate_of(one: Round) -> float:
    """Return how many requests a second were answered."""
    return one.load.number / one.load.seconds


if __name__ == "__main__":
    sys.exit(main())
