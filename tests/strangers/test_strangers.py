"""A small part of the programme; all of it is `make strangers`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.listener.process import Listener, running
from tests.strangers.attacks import ATTACKS, Attack, allow_files
from tests.strangers.measuring import NEVER, measure


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    with running(tmp_path) as one:
        yield one


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_signed_deliveries_are_stored_while_strangers_attack(listener: Listener, attack: Attack):
    allow_files()
    outcome = measure(listener, attack._replace(connections=attack.connections // 8), 2)
    assert outcome.asked > 0
    # The programme's own limit is 2 s; a machine that runs other tests beside gets more.
    assert max(outcome.short, outcome.long) < 8 < NEVER, outcome
