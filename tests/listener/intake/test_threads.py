"""What is done beside the loop."""

import asyncio
import threading

import pytest

from listener.intake.threads import off_loop
from tests.listener.asking import run


def test_work_aside_returns_or_raises_while_the_loop_goes_on():
    met = threading.Barrier(2, timeout=60)

    def work(word: str) -> str:
        met.wait()  # both are under way at once
        return word

    async def both() -> tuple[str, str]:
        return await asyncio.gather(off_loop(work, "a"), off_loop(work, "b"))

    assert tuple(run(both())) == ("a", "b")
    with pytest.raises(ZeroDivisionError):
        run(off_loop(lambda: 1 // 0))
