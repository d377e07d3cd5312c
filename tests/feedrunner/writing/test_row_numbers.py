"""Sets of row numbers."""

import random

from feedrunner.writing.row_numbers import Numbers


def test_numbers_are_those_that_were_added():
    draw = random.Random(1)
    given = {draw.randrange(10 ** draw.randint(1, 12)) for _ in range(500)}
    numbers = Numbers()
    numbers.add(given)
    numbers.add(sorted(given)[:100])
    assert len(numbers) == len(given)
    assert all(number in numbers for number in given)
    assert not any(number + 1 in numbers for number in given if number + 1 not in given)
