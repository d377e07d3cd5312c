"""A delivery's line is written when all that are answered with it have their answers."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from listener.intake import answers
from listener.intake.log_lines import DeliveryLine, write_soon


def signed(guid: str) -> DeliveryLine:
    """Return the line of a delivery."""
    line = DeliveryLine()
    line.is_signed, line.fields = True, {"guid": guid}
    return line


def test_lines_are_written_in_the_next_turn_of_the_loop(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", "listener")
    counts: list[int] = []

    async def answer(*turns: str) -> None:
        for turn in turns:
            for number in range(2):
                write_soon(signed(f"{turn} {number}"), answers.stored("applied"))
            counts.append(len(caplog.records))
            await asyncio.sleep(0)
            counts.append(len(caplog.records))

    with ThreadPoolExecutor(1) as pool:  # others' loops may run in this thread
        pool.submit(asyncio.run, answer("first", "second")).result()
        pool.submit(asyncio.run, answer("of another loop")).result()
    assert counts == [0, 2, 2, 4, 4, 6]
    told = [(record.message, record.fields["guid"]) for record in caplog.records]
    guids = ["first 0", "first 1", "second 0", "second 1", "of another loop 0", "of another loop 1"]
    assert told == [("applied", guid) for guid in guids]
