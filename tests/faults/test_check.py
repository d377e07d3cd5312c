"""A fixed part of `make oracle`: what needs no server of its own."""

from pathlib import Path

from tests import counts
from tests.faults import store_faults, world_faults


def test_every_fault_of_a_store_is_told_with_what_helps(tmp_path: Path):
    outcomes = list(store_faults.outcomes(tmp_path, counts.count(4, 1)))
    assert [(one.fault.name, one.lines) for one in outcomes if not one.told] == []
    assert len(outcomes) >= len(store_faults.FAULTS) // 4


def test_every_fault_that_github_shows_is_told_with_what_helps(tmp_path: Path):
    outcomes = list(world_faults.outcomes(tmp_path, counts.count(5, 1)))
    assert [(one.fault.name, one.lines) for one in outcomes if not one.told] == []
