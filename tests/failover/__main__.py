"""Kill the primary of a replicated database while deliveries come in; nothing may be lost.

    python -m tests.failover [--kills 2] [--deliveries 10000]     (MYSQL_CLUSTER, MYSQL_SERVER)
    python -m tests.failover --engine postgresql [--asynchronous]

Prints for each kill how long it took to have a new primary, and how long after that the listener
wrote to it again; exits with 1 when a delivery is lost or that took over 10 s. With --asynchronous
the standby is late, a control: 0 when deliveries are lost.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from schema import migrate
from tests import leftovers, servers
from tests.failover.cluster import Cluster
from tests.failover.replication import Replication, wait_until
from tests.failover.router import Nodes, Router
from tests.torture.oracle import verdict
from tests.torture.sender import Sender, noted
from tests.torture.shots import shots
from tests.torture.stage import NAME, Stage

LIMIT_SECONDS = 10.0
PACE = 0.1
THREADS = 4


def main(argv: list[str] | None = None) -> int:
    """Run the programme; 0 when nothing was lost and every return was quick enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--engine", choices=("mysql", "postgresql"), default="mysql")
    parser.add_argument("--asynchronous", action="store_true")
    asked = parser.parse_args(argv)
    if asked.asynchronous and asked.engine == "mysql":
        parser.error("--asynchronous is for --engine postgresql: a group agrees on each commit")
    folder = Path(mkdtemp(prefix="runledger-failover-"))
    cluster = start(asked.engine, asynchronous=asked.asynchronous)
    router = Router(cluster)
    stage = Stage("sqlite", folder / "listener")
    try:
        lost, good = run(cluster, router, stage, folder, asked.kills, asked.deliveries)
    finally:
        stage.close()
        router.close()
        cluster.stop()
        leftovers.close_session()
    shutil.rmtree(folder)
    return 0 if (lost > 0 if asked.asynchronous else good) else 1


def start(engine: str, *, asynchronous: bool) -> Nodes:
    """Start the servers of an engine."""
    folder = leftovers.session_dir() / "group"
    if engine == "mysql":
        return Cluster(folder, servers.free_port())
    return Replication(folder, asynchronous=asynchronous)


def run(
    cluster: Nodes, router: Router, stage: Stage, folder: Path, kills: int, deliveries: int
) -> tuple[int, bool]:
    """Send deliveries, kill primaries, and compare; return what was lost, and if all is well."""
    wait_until(lambda: router.target)
    stage.url = f"{cluster.url(router.port)}/{NAME}"
    address = cluster.url(router.port) + cluster.entrance
    root = sa.create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with root.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {NAME} {cluster.made_with}"))
    migrate.upgrade(stage.url)
    stage.start()
    sender = Sender(stage.port, shots(1, deliveries), folder)
    sender.pace = PACE
    sender.start(THREADS)
    times = []
    for number in range(1, kills + 1):
        wait_until(lambda number=number: sender.stored >= deliveries * number / (kills + 2), 600)
        victim = router.target
        times.append(failover(cluster, router, sender))
        print(
            f"kill {number}: a new primary after {times[-1][0]:.1f} s,"
            f" written to again {times[-1][1]:.1f} s later",
            flush=True,
        )
        if number < kills and victim:
            cluster.rejoin(victim)
    sender.join(1200)
    drained = stage.wait_until_drained()
    engine = stage.engine()
    found = verdict(engine, shots(1, deliveries), noted(folder), folder)
    engine.dispose()
    failed = sum(1 for one in sender.answers if one.code // 100 != 2)
    print(
        f"{found.acknowledged} acknowledged ({sender.statuses()['spooled']} spooled, {failed} not"
        f" 2xx, slowest answer {sender.slowest():.1f} s): {found.lost} lost, {found.doubled}"
        f" doubled, {found.different} rows differ; spool empty after {drained:.1f} s"
    )
    quick = all(again <= LIMIT_SECONDS for _, again in times)
    return found.lost, found.is_good and failed == 0 and quick


def failover(cluster: Nodes, router: Router, sender: Sender) -> tuple[float, float]:
    """Kill the primary; return the seconds to a new one, and from then to the first write."""
    victim = router.target
    assert victim is not None
    killed = time.monotonic()
    cluster.kill(victim)
    wait_until(lambda: router.target not in (None, victim), 120)
    elected = router.elected
    wait_until(
        lambda: any(
            one.status == "applied" and one.asked + one.seconds > elected
            for one in sender.answers[-500:]
        ),
        120,
    )
    written = min(
        one.asked + one.seconds
        for one in sender.answers
        if one.status == "applied" and one.asked + one.seconds > elected
    )
    return elected - killed, written - elected


if __name__ == "__main__":
    sys.exit(main())
