"""How long a delivery waits for its answer at a realistic rate, the database being some way off.

Deliveries are sent evenly, whether or not earlier ones were answered, and each answer's time counts
from the moment its delivery was due. The database flushes at each commit, as in production, and is
reached through a proxy that delays.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url, text

from benchmarks import load
from benchmarks.distance import away
from benchmarks.load import Load
from engines import connect
from tests import servers
from tests.leftovers import close_session
from tests.torture.shots import shots_of_today
from tests.torture.stage import Stage

WARM_SECONDS = 5.0
TRIPS = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each engine; 1 when a delivery was not applied."""
    flags = argparse.ArgumentParser(
        prog="python -m benchmarks.latency",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flags.add_argument("--engines", nargs="+", default=["mariadb", "mysql"])
    flags.add_argument("--rate", type=float, default=50, help="deliveries a second")
    flags.add_argument("--seconds", type=float, default=30)
    flags.add_argument("--away", type=float, default=2, help="added to a round trip, in ms")
    flags.add_argument("--warm", type=float, default=WARM_SECONDS, help="seconds before that")
    given = flags.parse_args(argv)
    plan = Plan(given.rate, given.seconds, given.warm, given.away / 1000)
    print("| engine | SELECT 1, there | through the proxy | deliveries | p50 | p99 | max | |")
    print("|---|---|---|---|---|---|---|---|")
    all_applied = True
    try:
        for engine in given.engines:
            found = bench(engine, plan)
            print(line(engine, found), flush=True)
            all_applied &= set(found.load.said) == {b"applied"}
    finally:
        close_session()
    return 0 if all_applied else 1


class Plan(NamedTuple):
    """Deliveries a second, for how many seconds, after how many to warm up, and how many seconds
    the database is away."""

    rate: float
    seconds: float
    warm: float
    distance: float


class Found(NamedTuple):
    """Seconds of a round trip to the database, without the proxy and through it, and the load."""

    near: float
    far: float
    load: Load


def bench(engine: str, plan: Plan) -> Found:
    """Send deliveries to a listener whose database is some way off."""
    warm, number = int(plan.rate * plan.warm), int(plan.rate * plan.seconds)
    requests = [one.request for one in shots_of_today(8, warm + number)]
    folder = Path(tempfile.mkdtemp(prefix="runledger-latency-"))
    stage = Stage(engine, folder / "listener", servers.LOGGED)
    try:
        place = make_url(stage.url)
        with away(place.port or 0, plan.distance) as port:
            far = place.set(port=port).render_as_string(hide_password=False)
            stage.start(far)
            load.send_evenly(stage.port, requests[:warm], plan.rate)
            sent = load.send_evenly(stage.port, requests[warm:], plan.rate)
            return Found(trip(stage.url), trip(far), sent)
    finally:
        stage.close()
        shutil.rmtree(folder, ignore_errors=True)


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


def line(engine: str, found: Found) -> str:
    """Return a row of the table."""
    sent = found.load
    times = [found.near, found.far, sent.percentile(0.5), sent.percentile(0.99), max(sent.answers)]
    here, there, half, most, longest = (f"{1000 * one:.1f} ms" for one in times)
    said = ", ".join(f"{number} {what.decode()}" for what, number in sent.said.most_common())
    number = f"{len(sent.answers)} in {sent.seconds:.1f} s"
    return f"| {engine} | {here} | {there} | {number} | {half} | {most} | {longest} | {said} |"


if __name__ == "__main__":
    sys.exit(main())
