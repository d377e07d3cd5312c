"""Kill workers, masters and databases while deliveries come in; afterwards compare the stores."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests import servers
from tests.torture.oracle import Verdict, verdict
from tests.torture.sender import Sender, noted
from tests.torture.shots import shots
from tests.torture.stage import Stage

RELAXED = ("--innodb-flush-log-at-trx-commit=0",)
FLUSH = "SET GLOBAL innodb_flush_log_at_trx_commit"
FLUSHED = (f"{FLUSH} = 1", "FLUSH ENGINE LOGS", f"{FLUSH} = 0")
FLUSHES = {"postgresql": ("CHECKPOINT",)}
"""What brings to the disk, once, what a server that is relaxed keeps."""
SETTLE_SECONDS = 5.0  # in which a listener that stores late has stored what it still can
CARELESS = ("-m", "tests.torture.careless")
LYING = ("-m", "tests.torture.lying")
EVERY = ("worker", "master", "everything", "database")


class Plan(NamedTuple):
    """What to do: how many deliveries and kills, of what; the seed chooses the rest."""

    engine: str
    acknowledged: int
    kills: int
    seed: int = 1
    victims: Sequence[str] = EVERY
    options: Sequence[str] = servers.DURABLE
    door: Sequence[str] | None = None


class Outcome(NamedTuple):
    """What came of it."""

    verdict: Verdict
    killed: Counter[str]
    statuses: Counter[str]
    slowest: float
    seconds: float


def crash(plan: Plan) -> Outcome:
    """Carry out a plan."""
    folder = Path(tempfile.mkdtemp(prefix="runledger-torture-"))
    more = {} if plan.door is None else {"door": plan.door}
    stage = Stage(plan.engine, folder / "listener", plan.options, **more)
    began = time.monotonic()
    try:
        stage.start()
        if plan.options == RELAXED:  # the schema is to stay: what is lost is deliveries
            stage.administer(*FLUSHES.get(plan.engine, FLUSHED))
        sender = Sender(stage.port, shots(plan.seed, plan.acknowledged), folder)
        sender.start()
        killed = kill_along(plan, stage, sender)
        sender.join(600 + plan.acknowledged / 20)
        stage.wait_until_drained()
        if plan.door:
            time.sleep(SETTLE_SECONDS)
        engine = stage.engine()
        told = noted(folder)
        found = verdict(engine, shots(plan.seed, plan.acknowledged), told, folder)
        engine.dispose()
    finally:
        stage.close()
    shutil.rmtree(folder)
    seconds = time.monotonic() - began
    return Outcome(found, killed, sender.statuses(), sender.slowest(), seconds)


def kill_along(plan: Plan, stage: Stage, sender: Sender) -> Counter[str]:
    """Kill something each time another share of the deliveries is acknowledged."""
    random, killed = Random(plan.seed), Counter[str]()
    blows: dict[str, Callable[[], None]] = {
        "worker": lambda: stage.kill_worker(random.randrange(64)),
        "master": stage.kill_master,
        "everything": stage.kill_all,
        "database": stage.kill_database,
    }
    victims = [one for one in plan.victims if one != "database" or stage.server]
    share = plan.acknowledged / (plan.kills + 1)
    for number in range(1, plan.kills + 1):
        while sender.stored < share * number and any(one.is_alive() for one in sender.threads):
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.05))
        victim = random.choice(victims)
        blows[victim]()
        killed[victim] += 1
    return killed
