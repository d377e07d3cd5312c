"""A fixed part of the programme, and what it must notice."""

from pathlib import Path

import pytest

from tests.counts import count
from tests.odd_answers.control import without_guard
from tests.odd_answers.programme import play


@pytest.mark.parametrize("seed", range(1, count(7, 61)))
def test_odd_answers_of_one_repository_break_nothing(tmp_path: Path, seed: int):
    result = play(seed, tmp_path)
    assert result.wrong == []
    assert result.odd > 0


def test_missing_guard_is_noticed(tmp_path: Path):
    with without_guard():
        assert any(play(-seed, tmp_path).wrong for seed in range(1, 20))
