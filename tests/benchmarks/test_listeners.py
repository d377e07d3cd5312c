"""Listeners on one database are apart, and all of them are sent to."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from benchmarks.clients import load
from benchmarks.clients.load import Load
from benchmarks.listeners import Rounds, complaints, line, locks, start
from store.deliveries.table import APPLIED, DeliveryFilter
from store.doors import replay
from tests.torture.shots import shots
from tests.torture.stage import Stage


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_two_listeners_store_one_repository_in_one_database(engine_name: str, tmp_path: Path):
    with ExitStack() as stack:
        stages = start(engine_name, 2, tmp_path, stack)
        requests = [one.request for one in shots(8, 60, repos=1)]
        found = load.send([one.port for one in stages], requests, connections=4)
        assert found.said == Counter({b"applied": 60})
        assert replay.count(stages[0].engine(), DeliveryFilter(states=(APPLIED,))) == 60
        taken = [one.log().count("msg=applied") for one in stages]
        assert sum(taken) == 60
        assert min(taken) > 0
        assert stages[0].folder != stages[1].folder
        assert [complaints(one) for one in stages] == [[], []]


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_deadlock_is_counted(engine_name: str, tmp_path: Path):
    stage = Stage(engine_name, tmp_path / "stage")
    try:
        assert locks(stage) == [0, 0, 0]
        engine = stage.engine()
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE two (one INT PRIMARY KEY)"))
            connection.execute(text("INSERT INTO two VALUES (1), (2)"))
        met = threading.Barrier(2)

        def take(*order: int) -> int:
            """Lock the rows in an order; return the server's number of what went wrong."""
            with engine.connect() as connection:
                for place, number in enumerate(order):
                    if place:
                        met.wait(10)
                    query = text("SELECT one FROM two WHERE one = :number FOR UPDATE")
                    try:
                        connection.execute(query, {"number": number})
                    except OperationalError as error:
                        return error.orig.args[0]
                return 0

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(take, (1, 2), (2, 1)))
        assert sorted(found) == [0, 1213]  # deadlock found
        deadlocks, waits, _ = locks(stage)
        assert deadlocks == 1
        assert waits >= 1
    finally:
        stage.close()


def test_line_has_medians_and_names_every_answer():
    loads = [
        Load(1.0, [0.1, 0.2], Counter({b"applied": 2})),
        Load(2.0, [0.3, 0.4], Counter({b"applied": 1, b"spooled": 1})),
        Load(4.0, [0.2, 0.9], Counter({b"applied": 2})),
    ]
    assert line("mysql", 4, Rounds(loads, [1, 20, 1500], [])) == (
        "| mysql | 4 | 1 | 400 ms | 400 ms | 900 ms | 1 | 20 | 1.5 s | 5 applied, 1 spooled |"
    )
