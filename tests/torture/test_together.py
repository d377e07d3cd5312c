"""Two listeners, a replay and a backfill write the same runs at once, and nothing is lost."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backfill.command import replay
from engines import connect
from rows.github.events import rows_for
from store import apply
from store.deliveries import body
from store.deliveries.table import DeliveryFilter
from tests.counts import count
from tests.listener.process import running
from tests.store import production_doors
from tests.torture.oracle import verdict
from tests.torture.sender import Sender, noted
from tests.torture.shots import Shot, shots

DELIVERIES = count(700, 7200)  # 18 for each run


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_two_listeners_a_replay_and_a_backfill_leave_what_one_writer_leaves(
    store_url: str, tmp_path: Path
):
    apply.CACHES.clear()
    those = list(shots(5, DELIVERIES))
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    replaying, filling = (connect(store_url, read_seconds=60) for _ in range(2))
    done, errors = threading.Event(), list[BaseException]()
    with (
        running(folders[0], DATABASE_URL=store_url) as one,
        running(folders[1], DATABASE_URL=store_url) as two,
    ):
        # Both are sent everything, in different orders.
        senders = [
            Sender(port, mixed(those, seed), folder)
            for seed, (port, folder) in enumerate(zip((one.port, two.port), folders, strict=True))
        ]
        beside = [
            lambda: replay.run_replay(replaying, DeliveryFilter(), ()),
            lambda: fill(filling, mixed(those, 9)[:200]),
        ]
        threads = [threading.Thread(target=repeat, args=(one, done, errors)) for one in beside]
        for each in (*senders, *threads):
            each.start()
        for sender in senders:
            sender.join(900)
        done.set()
        for thread in threads:
            thread.join()
        logs = one.log() + two.log()
    told = noted(folders[0]) | noted(folders[1])
    found = verdict(replaying, those, told, tmp_path)
    assert errors == []
    assert found.acknowledged == DELIVERIES
    assert found.is_good, found
    assert [line for line in logs.splitlines() if "(1213" in line or "(1205" in line] == []
    for engine in (replaying, filling):
        engine.dispose()


def mixed(those: list[Shot], seed: int) -> list[Shot]:
    """Return shots in another order."""
    found = list(those)
    random.Random(seed).shuffle(found)
    return found


def fill(engine: Engine, those: list[Shot]) -> None:
    """Write rows in pages, as a backfill does."""
    for at in range(0, len(those), 30):
        page = [rows_for(one.event, body.read_payload(one.body)) for one in those[at : at + 30]]
        production_doors.write(engine, page)


def repeat(work: Callable[[], object], done: threading.Event, errors: list[BaseException]) -> None:
    """Do something over and over until everything is delivered."""
    while not done.is_set():
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - looked at in the test's thread
            errors.append(error)
            return
