"""The guards that `python -m tests.torture.mutants` takes away are where it looks for them."""

import pytest

from tests.listener.process import ROOT
from tests.torture.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("one", MUTANTS, ids=lambda one: one.guard)
def test_guard_and_the_test_that_misses_it_are_there(one: Mutant):
    file, _, name = one.test.partition("::")
    assert (ROOT / one.file).read_text().count(one.old) == 1
    assert f"def {name}" in (ROOT / file).read_text()
