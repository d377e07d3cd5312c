"""A delivery's line is written when all that are answered with it have their answers."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from listener.intake import answers, log_lines
from listener.intake.log_lines import DeliveryLine, write_soon


def signed(guid: str) -> DeliveryLine:
    """Return the line of a delivery."""
    line = DeliveryLine()
    line.is_signed, line.fields = True, {"guid": guid}
    return line


def test_line_that_breaks_takes_no_other_with_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    caplog.set_level("INFO", "listener")
    monkeypatch.setattr(log_lines, "UNSIGNED", log_lines.UnsignedRequests())

    async def answer() -> None:
        for line in (signed("first"), DeliveryLine(), signed("second")):
            write_soon(line, answers.refused(401, "unsigned"))
        await asyncio.sleep(0)
        write_soon(signed("third"), answers.stored("applied"))
        await asyncio.sleep(0)

    with ThreadPoolExecutor(1) as pool:  # others' loops may run in this thread
        pool.submit(int).result()  # which starts a thread
        monkeypatch.setattr(threading.Thread, "start", fail_to_start)
        pool.submit(asyncio.run, answer()).result()
    told = [(record.message, record.fields.get("guid")) for record in caplog.records]
    broken = ("a line of the log broke", None)
    assert told == [("refused", "first"), broken, ("refused", "second"), ("applied", "third")]


def fail_to_start(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


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
