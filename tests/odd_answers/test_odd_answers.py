"""A fixed part of the programme, and what it must notice."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.counts import count
from tests.odd_answers.control import without_guard, without_names
from tests.odd_answers.programme import play


@pytest.mark.parametrize("seed", range(1, count(5, 61)))
def test_odd_answers_of_one_repository_break_nothing(tmp_path: Path, seed: int):
    result = play(seed, tmp_path)
    assert result.wrong == []
    assert result.odd > 0


@pytest.mark.parametrize(("control", "seed"), [(without_guard, -5), (without_names, -2)])
def test_control_is_noticed(
    tmp_path: Path, control: Callable[[], AbstractContextManager[None]], seed: int
):
    with control():
        assert play(seed, tmp_path).wrong
