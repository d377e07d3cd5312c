"""Lines that are logged together are written at once, and none of them is broken or lost."""

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from select import PIPE_BUF

import pytest

from runtime import log as house_log
from runtime.log import JoiningHandler, LineFormatter


class Stream(io.StringIO):
    """Notes each text that is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def write(self, text: str) -> int:
        """Note a text."""
        self.texts.append(text)
        return len(text)


@pytest.fixture
def stream() -> Stream:
    """What the handler writes to."""
    return Stream()


@pytest.fixture
def handler(stream: Stream) -> JoiningHandler:
    """A handler that writes messages alone."""
    return JoiningHandler(stream)


def log(handler: JoiningHandler, *messages: str) -> None:
    """Log messages."""
    for message in messages:
        handler.handle(logging.LogRecord("one", logging.INFO, "", 1, message, (), None))


def test_lines_of_a_block_are_written_at_once_at_its_end(stream: Stream, handler: JoiningHandler):
    log(handler, "before")
    with handler.together():
        log(handler, "first", "second")
        assert stream.texts == ["before\n"]
    log(handler, "after")
    assert stream.texts == ["before\n", "first\nsecond\n", "after\n"]


def test_block_without_lines_writes_nothing(stream: Stream, handler: JoiningHandler):
    with handler.together():
        pass
    assert stream.texts == []


def test_lines_before_a_mistake_are_written(stream: Stream, handler: JoiningHandler):
    with suppress(ZeroDivisionError), handler.together():
        log(handler, "first")
        log(handler, str(1 / 0))
    log(handler, "after")
    assert stream.texts == ["first\n", "after\n"]


def test_lines_are_written_in_texts_that_a_pipe_takes_unbroken(
    stream: Stream, handler: JoiningHandler
):
    half = PIPE_BUF // 2
    lines = ["a" * (half - 1), "b" * (half - 1), "c", "d" * (2 * PIPE_BUF), "e"]
    with handler.together():
        log(handler, *lines)
    first, second, *others = lines
    assert stream.texts == [f"{first}\n{second}\n", *(f"{one}\n" for one in others)]
    assert len(stream.texts[0]) == PIPE_BUF


def test_line_of_another_thread_comes_with_those_of_a_block(
    stream: Stream, handler: JoiningHandler
):
    with handler.together():
        log(handler, "first")
        other = threading.Thread(target=log, args=(handler, "other"))
        other.start()
        other.join()
        log(handler, "second")
    assert stream.texts == ["first\nother\nsecond\n"]


def test_line_that_cannot_be_written_takes_no_other_with_it(
    stream: Stream, handler: JoiningHandler, capsys: pytest.CaptureFixture[str]
):
    with handler.together():
        log(handler, "first", "%d", "second")
        wrong = logging.LogRecord("one", logging.INFO, "", 1, "%d", ("no number",), None)
        handler.handle(wrong)
        log(handler, "third")
    assert stream.texts == ["first\n%d\nsecond\nthird\n"]
    assert "no number" in capsys.readouterr().err


def test_lines_of_a_block_have_their_form(stream: Stream, handler: JoiningHandler):
    handler.setFormatter(LineFormatter(["a secret"]))
    with handler.together():
        log(handler, "one", "a secret")
    (text,) = stream.texts
    one, other = text.splitlines()
    assert one.endswith("level=info msg=one")
    assert other.endswith("level=info msg=***")


@pytest.fixture
def root(
    handler: JoiningHandler, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[logging.Handler]]:
    """The handlers of this process: that one, with the form of the log."""
    handlers: list[logging.Handler] = [handler]
    monkeypatch.setattr(logging.getLogger(), "handlers", handlers)
    monkeypatch.setattr(house_log.LOG, "handlers", [])
    handler.setFormatter(LineFormatter(["a secret"]))
    before = house_log.LOG.level
    house_log.LOG.setLevel(logging.INFO)
    yield handlers
    house_log.LOG.setLevel(before)


class Listener(logging.Handler):
    """Another one who wants to know."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note a message."""
        self.heard.append(record.getMessage())


FIELDS = {"guid": "1-2", "repo": "a secret", "why": "two words\n", "secret": None, "ms": 1.5}


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING, logging.ERROR])
@pytest.mark.usefixtures("root")
def test_line_of_a_block_is_that_of_a_record(stream: Stream, level: int):
    house_log.record(level, "applied", FIELDS)
    with house_log.together() as write:
        write(level, "applied", FIELDS)
    one, other = ("".join(stream.texts)).splitlines()
    assert one.partition(" ")[2] == other.partition(" ")[2]
    word = logging.getLevelName(level).lower()
    said = f'level={word} msg=applied guid=1-2 repo=*** why="two words\\n" ms=1.5'
    assert other.partition(" ")[2] == said
    assert other.startswith("time=20")


@pytest.mark.usefixtures("root")
def test_line_below_the_level_is_not_written(stream: Stream):
    with house_log.together() as write:
        write(logging.DEBUG, "applied", FIELDS)
    assert stream.texts == []


def test_others_who_listen_have_the_records_of_a_block(stream: Stream, root: list[logging.Handler]):
    other = Listener()
    root.append(other)
    with house_log.together() as write:
        write(logging.INFO, "applied", FIELDS)
    assert other.heard == ["applied"]
    assert len("".join(stream.texts).splitlines()) == 1


@pytest.mark.usefixtures("root")
def test_line_after_its_block_is_written_as_ever(stream: Stream):
    with house_log.together() as write:
        pass
    write(logging.INFO, "late", FIELDS)
    assert len(stream.texts) == 1
    assert "msg=late" in stream.texts[0]
