"""How long a delivery waits for its answer at a realistic rate, the database being some way off.

Deliveries are sent evenly, whether or not earlier ones were answered, and each answer's time counts
from the moment its delivery was due. The database flushes at each commit, as in production, and is
reached through a proxy that delays.
"""

import statistics
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url, text

from benchmarks.clients import load
from benchmarks.clients.load import Load
from benchmarks.distance import away
from benchmarks.measuring import SERVERS, parser_of, print_head, row, workspace
from engines import connect
from tests import servers
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

TRIPS = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each engine; 1 when a delivery was not applied."""
    flags = parser_of("latency", __doc__, SERVERS)
    flags.add_argument("--rate", type=float, default=50, help="deliveries a second")
    flags.add_argument("--seconds", type=float, default=30)
    flags.add_argument("--away", type=float, default=2, help="added to a round trip, in ms")
    flags.add_argument("--warm", type=float, default=5, help="seconds before that")
    given = flags.parse_args(argv)
    print_head(
        "engine", "SELECT 1, there", "through the proxy", "deliveries", "p50", "p99", "max", ""
    )
    all_applied = True
    with workspace() as folder:
        for engine in given.engines:
            latency = bench(engine, given, folder / engine)
            print(line(engine, latency), flush=True)
            all_applied &= latency.load.is_applied
    return 0 if all_applied else 1


class Latency(NamedTuple):
    """Seconds of a round trip to the database, without the proxy and through it, and the load."""

    near: float
    far: float
    load: Load


def bench(engine: str, given: Namespace, folder: Path) -> Latency:
    """Send deliveries to a listener whose database is some way off."""
    warm, number = int(given.rate * given.warm), int(given.rate * given.seconds)
    requests = [one.request for one in shots_of_today(8, warm + number)]
    stage = Stage(engine, folder, servers.LOGGED)
    try:
        place = make_url(stage.url)
        with away(place.port or 0, given.away / 1000) as port:
            far = place.set(port=port).render_as_string(hide_password=False)
            stage.start(far)
            load.send_evenly(stage.port, requests[:warm], given.rate)
            sent = load.send_evenly(stage.port, requests[warm:], given.rate)
            return Latency(trip(stage.url), trip(far), sent)
    finally:
        stage.close()


def trip(url: str) -> float:
    """Return the median seconds of a statement that does nothing, on a connection that is open."""
    engine, times = connect(url), []
    with engine.connect() as connection:
        for _ in range(TRIPS):
            began = time.perf_counter()
            connection.execute(text("SELECT 1")).all()
            times.append(time.perf_counter() - began)
    engine.dispose()
    return statistics.median(times)


def line(engine: str, latency: Latency) -> str:
    """Return a row of the table."""
    near, far, sent = latency
    answers = (sent.percentile(0.5), sent.percentile(0.99), max(sent.answers))
    trips, waits = ([f"{1000 * time:.1f} ms" for time in times] for times in ((near, far), answers))
    number = f"{len(sent.answers)} in {sent.seconds:.1f} s"
    return row(engine, *trips, number, *waits, load.listed(sent.said))


if __name__ == "__main__":
    sys.exit(main())
