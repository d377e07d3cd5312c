"""The latency is that of a real listener whose database really is away."""

from argparse import Namespace
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.clients.load import Load
from benchmarks.latency import Latency, bench, line

FAR = 0.01


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_answers_wait_for_the_way_to_the_database(engine_name: str, tmp_path: Path):
    given = Namespace(rate=20, seconds=1.5, warm=0.5, away=1000 * FAR)
    found = bench(engine_name, given, tmp_path)
    assert found.load.said == Counter({b"applied": 30})
    assert found.far >= FAR
    assert found.near < found.far
    # Is it stored already? Store it. Commit.
    assert min(found.load.answers) >= 3 * FAR


def test_line_names_every_answer():
    said = Counter({b"applied": 2, b"spooled": 1})
    found = Latency(0.0002, 0.0023, Load(0.06, [0.3, 0.1, 0.2], said))
    assert line("mysql", found) == (
        "| mysql | 0.2 ms | 2.3 ms | 3 in 0.1 s | 200.0 ms | 300.0 ms | 300.0 ms "
        "| 2 applied, 1 spooled |"
    )
