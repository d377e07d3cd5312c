"""What is put is stored in its order, each part with its note, however it is taken together."""

import threading
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from backfill.pipeline import writer as pipeline
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.writer import Writer
from rows import Row
from store.doors import api
from store.doors.api import Read
from store.state.backfill_progress import Note
from tests.equality import check_equal, contents
from tests.store import production_doors
from tests.store.conftest import engine as engine
from tests.store.conftest import writers as writers
from tests.store.writers import emptied
from tests.stories import plain, rerun, unusual

ENGINES = pytest.mark.parametrize(
    "engine_name", ["sqlite", "mariadb", "mysql", "postgresql"], indirect=True
)
STORIES = (plain.SUCCESS, plain.FAILURE, rerun.RERUN, unusual.CANCELLED, unusual.GATED)


def story_parts() -> list[list[Read]]:
    """Return what stories tell, in parts of one and of two objects."""
    told = [Read(one.rows) for story in STORIES for one in production_doors.told(story)]
    parts = list[list[Read]]()
    while told:
        size = 1 + len(parts) % 2
        parts.append(told[:size])
        told = told[size:]
    return parts


def too_wide(read: Read) -> Read:
    """Return an object that no column holds."""
    branch = Row("branches", {"name": "b" * 5000, "version": b"x", "headhash": "c0ffee"})
    return read._replace(mapped=read.mapped._replace(rows=(*read.mapped.rows, branch)))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let four objects be a batch; give how many parts each one had that was written."""
    monkeypatch.setattr(pipeline, "BATCH_ROWS", 4)
    sizes = list[int]()
    write = Writer.write

    def counting(self: Writer, parts: Any) -> None:
        sizes.append(len(parts))
        write(self, parts)

    monkeypatch.setattr(Writer, "write", counting)
    return sizes


def held_up(engine: Engine, refused: list[str]) -> tuple[Writer, threading.Event]:
    """Return a writer that is still at its first part, which ends with the event."""
    writer = Writer(engine, refused.append, OutageRetry(refused.append))
    begins, goes_on = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        begins.set()
        goes_on.wait(10)

    writer.put(note=wait)
    assert begins.wait(10)
    return writer, goes_on


def put_notes(writer: Writer, number: int, note: Note) -> None:
    """Put a note so often."""
    for _ in range(number):
        writer.put(note=note)


def put_parts(writer: Writer, number: int, reads: list[Read]) -> None:
    """Put a part so often."""
    for _ in range(number):
        writer.put(reads)


def stored_alone(engine: Engine, parts: list[list[Read]]) -> Any:
    """Return what parts leave that are stored one by one, and leave nothing."""
    for reads in parts:
        api.write(engine, reads)
    wanted = contents(engine)
    emptied(engine.url.render_as_string(hide_password=False))
    return wanted


@ENGINES
def test_parts_are_stored_in_their_order_each_note_once(engine: Engine, small: list[int]):
    parts, order, refused = story_parts(), list[int](), list[str]()
    wanted = stored_alone(engine, parts)
    writer, goes_on = held_up(engine, refused)
    for number, reads in enumerate(parts):
        writer.put(reads, lambda _, number=number: order.append(number))  # type: ignore[misc]
    goes_on.set()
    writer.flush()
    writer.put(note=lambda _: order.append(len(parts)))
    writer.close()
    writer.check()
    assert (order, refused) == ([*range(len(parts) + 1)], [])
    assert max(small) > 1
    assert len(small) < len(parts)
    check_equal(contents(engine), wanted)


@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql"], indirect=True)
def test_part_that_is_refused_costs_none_that_is_taken_beside_it(engine: Engine, small: list[int]):
    parts, refused, stored = story_parts(), list[str](), list[int]()
    wanted = stored_alone(engine, parts)
    writer, goes_on = held_up(engine, refused)
    for number, reads in enumerate(parts):
        writer.put(reads)
        if number % 5 == 2:
            writer.put([too_wide(reads[0])], lambda _: stored.append(1))
    goes_on.set()
    writer.close()
    writer.check()
    assert len(refused) == len(range(2, len(parts), 5))
    assert stored == []
    check_equal(contents(engine), wanted)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_after_an_error_nobody_hangs_and_nothing_more_is_stored(engine: Engine, small: list[int]):
    refused, stored = list[str](), list[int]()

    def fail(_: Connection) -> None:
        raise RuntimeError("a mistake")

    writer, goes_on = held_up(engine, refused)
    writer.put(note=fail)
    goes_on.set()
    many = 10 * pipeline.BATCH_PARTS
    with pytest.raises(RuntimeError, match="a mistake"):
        put_notes(writer, many, lambda _: stored.append(1))
    writer.close()
    with pytest.raises(RuntimeError, match="a mistake"):
        writer.check()
    assert stored == []


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_error_while_a_batch_is_taken_together_is_raised_and_nobody_hangs(
    engine: Engine, small: list[int], monkeypatch: pytest.MonkeyPatch
):
    def fail(_: object) -> list[Read]:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(api, "joined", fail)
    writer = Writer(engine, lambda _: None, OutageRetry(lambda _: None))
    with pytest.raises(RuntimeError, match="a mistake"):
        put_parts(writer, 10 * pipeline.BATCH_PARTS, story_parts()[0])
    writer.close()
    with pytest.raises(RuntimeError, match="a mistake"):
        writer.check()
