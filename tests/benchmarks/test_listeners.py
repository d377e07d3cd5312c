"""Listeners on one database are apart, and all of them are sent to."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import load
from benchmarks.listeners import Found, complaints, line, start
from benchmarks.load import Load
from store import replays
from store.deliveries import APPLIED, Wanted
from tests.torture.shots import shots


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_two_listeners_store_one_repository_in_one_database(engine_name: str, tmp_path: Path):
    with ExitStack() as stack:
        stages = start(engine_name, 2, tmp_path, stack)
        requests = [one.request for one in shots(8, 60, repos=1)]
        found = load.send([one.port for one in stages], requests, connections=4)
        assert found.said == Counter({b"applied": 60})
        assert replays.count(stages[0].engine(), Wanted(states=(APPLIED,))) == 60
        taken = [one.log().count("msg=applied") for one in stages]
        assert sum(taken) == 60
        assert min(taken) > 0
        assert stages[0].folder != stages[1].folder
        assert [complaints(one) for one in stages] == [[], []]


def test_line_has_medians_and_names_every_answer():
    loads = [
        Load(1.0, 0.1, [0.1, 0.2], Counter({b"applied": 2})),
        Load(2.0, 0.1, [0.3, 0.4], Counter({b"applied": 1, b"spooled": 1})),
        Load(4.0, 0.1, [0.2, 0.9], Counter({b"applied": 2})),
    ]
    assert line("mysql", 4, Found(loads, [1, 20, 1500], [])) == (
        "| mysql | 4 | 1 | 400 ms | 400 ms | 900 ms | 1 | 20 | 1.5 s | 5 applied, 1 spooled |"
    )
