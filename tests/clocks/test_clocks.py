"""Clocks that lie for a while cost nothing, and their controls do: a part of `make clocks`."""

import pytest

from tests.clocks import __main__ as clocks
from tests.clocks.world import FAULTS as KINDS
from tests.counts import count

FAULTS = count(len(KINDS), 500)


def test_clock_that_is_wrong_for_a_while_costs_nothing():
    assert [one for one in clocks.run(FAULTS) if not one.is_well] == []


@pytest.mark.parametrize("control", clocks.CONTROLS)
def test_cost_of_a_wrong_clock_is_found(control: str):
    assert not all(one.is_well for one in clocks.run(len(KINDS), control))
