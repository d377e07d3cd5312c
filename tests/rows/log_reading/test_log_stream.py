"""A log in pieces: readers see whole lines, and the same ones however it was cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows.github.failure import LogFailureReader, log_messages
from rows.logs import held_steps, stream
from rows.logs.stream import BLOCK, LONGEST_RAW, LineBlocks, pass_on
from rows.source_record import FailureMessage

TIME = "2026-03-02T12:00:01.0000000Z "


class Lines:
    """A reader that keeps all."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def read(self, block: bytes) -> None:
        self.blocks.append(block)


def pieces_of(log: bytes, sizes: list[int]) -> list[bytes]:
    places = [0, *itertools.accumulate(sizes)]
    cut = [log[first:last] for first, last in itertools.pairwise(places)]
    return [*cut, log[places[-1] :]]


LINE = st.one_of(
    st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" ")),
    st.sampled_from([b"", b"x" * LONGEST_RAW, b"y" * (LONGEST_RAW + 1), b"z" * (2 * BLOCK + 3)]),
)


@given(st.lists(LINE, max_size=8), st.lists(st.integers(0, BLOCK), max_size=6), st.booleans())
def test_readers_see_every_line_whole_and_cut_where_it_is_too_long(
    lines: list[bytes], sizes: list[int], is_ended: bool
):
    log = b"\n".join(lines) + b"\n" * is_ended
    first, second = Lines(), Lines()
    pass_on(pieces_of(log, sizes), [first, second])
    whole = log.removesuffix(b"\n").split(b"\n") if log else []
    wanted = b"".join(line[:LONGEST_RAW] + b"\n" for line in whole)
    assert b"".join(first.blocks) == wanted
    assert second.blocks == first.blocks
    assert all(block.endswith(b"\n") for block in first.blocks)


def test_line_without_an_end_is_not_held_in_memory():
    reader = Lines()
    blocks = LineBlocks([reader])
    for _ in range(100):
        blocks.feed(b"x" * BLOCK)
        assert blocks.length <= BLOCK
    blocks.end()
    assert reader.blocks == [b"x" * LONGEST_RAW + b"\n"]


PIECES = st.sampled_from(
    [
        "##[group]Run make\n", "##[endgroup]\n", "##[error]Process completed with exit code 2.\n",
        "##[error]error: marked\n", "Post job cleanup.\n", "error: one\n", "a.c:1:2: error: no\n",
        "Traceback (most recent call last):\n", '  File "a.py", line 3\n', "ValueError: x\n", TIME,
        "\x1b[31m", "\r", "\n", "2026-03-02T12:00:05.0Z ##[group]Run slow\n", "--- FAIL: TestX\n",
        "é", "    a_test.go:3: got 1\n", "x" * 3000,
    ]
)  # fmt: skip
LOG = st.lists(PIECES, max_size=40).map("".join)


def read_in(pieces: list[bytes], span: tuple[str, str] | None) -> list[FailureMessage]:
    reader = LogFailureReader(span)
    pass_on(pieces, [reader])
    return reader.messages()


@given(
    LOG,
    st.lists(st.integers(0, 50), max_size=30),
    st.sampled_from([None, ("2026-03-02T12:00:05", "2026-03-02T12:00:09")]),
    st.sampled_from([1, 7, 100, BLOCK]),
)
def test_log_in_pieces_says_the_same_as_the_whole_text(
    log: str, sizes: list[int], span: tuple[str, str] | None, block: int
):
    whole = log_messages(log, span)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "BLOCK", block)
        assert read_in(pieces_of(log.encode(), sizes), span) == whole


@given(LOG, st.lists(st.integers(0, 50), max_size=30), st.sampled_from([1, 7, 100, BLOCK]))
def test_log_longer_than_what_is_held_says_the_same_as_the_whole_text(
    log: str, sizes: list[int], block: int
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_steps, "KEPT", 120)
        patch.setattr(held_steps, "MOST_STEPS", 3)
        whole = log_messages(log)
        patch.setattr(stream, "BLOCK", block)
        assert read_in(pieces_of(log.encode(), sizes), None) == whole


def test_script_that_is_shown_over_many_blocks_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream, "BLOCK", 16)
    script = "".join(f"echo error: line {number}\n" for number in range(50))
    log = f"##[group]Run x\n{script}##[endgroup]\nsaid\n##[error]error: marked\n"
    assert [one.text for one in log_messages(log)] == ["error: marked"]
