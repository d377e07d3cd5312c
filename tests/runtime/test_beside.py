"""What goes on beside something else."""

import threading

import pytest

from runtime.beside import Beside


def test_work_goes_on_while_something_else_is_done_and_its_end_is_waited_for():
    beside, may_end = Beside[int](), threading.Event()

    def work() -> int:
        assert may_end.wait(10)
        return 7

    beside.begin(work)
    may_end.set()
    assert beside.end() == 7
    assert beside.end() is None


def test_error_is_raised_where_the_end_is_waited_for_and_only_once():
    beside = Beside[int]()

    def fail() -> int:
        raise ValueError("no")

    beside.begin(fail)
    with pytest.raises(ValueError, match="no"):
        beside.end()
    assert beside.end() is None
    beside.begin(lambda: 8)
    assert beside.end() == 8
