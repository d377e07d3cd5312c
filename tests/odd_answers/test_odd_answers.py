"""A fixed part of the programme, and what it must notice."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.counts import count
from tests.odd_answers.control import without_guard, without_names
from tests.odd_answers.programme import play


@pytest.mark.parametrize("seed", range(1, count(7, 61)))
def test_odd_answers_of_one_repository_break_nothing(tmp_path: Path, seed: int):
    result = play(seed, tmp_path)
    assert result.wrong == []
    assert result.odd > 0


@pytest.mark.parametrize("control", [without_guard, without_names])
def test_control_is_noticed(tmp_path: Path, control: Callable[[], AbstractContextManager[None]]):
    with control():
        assert any(play(-seed, tmp_path).wrong for seed in range(1, 20))
