"""What hostile text costs: no pattern more than a line's length, no log more than its bytes."""

import re
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from rows.github.failure import LogFailureReader
from rows.github.job_log import MARKS
from rows.log_rules import RULES, batches_of
from rows.logs import block_forms, candidates, output, step_end
from rows.logs.stream import BLOCK, pass_on
from tests.rows.log_reading.timing import least_seconds

SHORT, LONG = 1000, 4000
"""Letters of a line; a rule never sees more than the first."""
STEEP = 9.0
"""A cost that grows with the square is 16 times as high for the longer line, a linear one 4."""
NOTABLE = 0.0004
"""Seconds below which a growth is not measured: it would be the clock's."""
PIECES = (
    " ", "a", "1", ".", ":", "/", "(", "-", "|", "\t", "a.", "a:", "1:", "a ", "1 ", "a (", "a/",
    ": line 1: ", "error", "Error", "Error ", "FAILED ", "- ", "=", "[a] ", "a::b ", '"', "'",
    "at ",
)  # fmt: skip


def steep_on(search: Callable[[str], object], pieces: Iterator[str] | tuple[str, ...]) -> list[str]:
    steep = []
    for piece in pieces:
        texts = [(piece * (length // len(piece) + 1))[:length] + "\x01" for length in (SHORT, LONG)]
        short, long = (least_seconds(partial(search, text)) for text in texts)
        if long > NOTABLE and long / max(short, 1e-6) > STEEP:
            steep.append(piece)
    return steep


def pieces_of(example: str) -> Iterator[str]:
    """Yield what a pattern may get far into: its example, from its beginning to anywhere."""
    yield from (example, example + " ", *PIECES)
    yield from (example[:end] for end in range(4, len(example), 9))


def patterns_of_rules() -> dict[str, tuple[re.Pattern[str], str]]:
    named = {}
    for rule in RULES:
        named[rule.name] = (rule.pattern, rule.example)
        for role in ("after", "skip", "until", "place"):
            pattern = getattr(rule, role)
            if pattern is not None:
                named[f"{rule.name}: {role}"] = (pattern, rule.example)
    return named


def search_of(name: str, pattern: re.Pattern[str]) -> Callable[[str], object]:
    """Return how a pattern is used: what follows is matched from its beginning."""
    return pattern.match if ": " in name else pattern.search


def test_no_pattern_of_a_rule_costs_more_than_the_length_of_the_line():
    steep = {
        name: pieces
        for name, (pattern, example) in patterns_of_rules().items()
        if (pieces := steep_on(search_of(name, pattern), pieces_of(example)))
    }
    # Looked at twice: another programme may have slowed the machine between two measurements.
    patterns = patterns_of_rules()
    steep = {
        name: again
        for name, pieces in steep.items()
        if (again := steep_on(search_of(name, patterns[name][0]), tuple(pieces)))
    }
    assert steep == {}


OTHERS = [
    *(batch.pattern.match for letter in "aE1 [" for batch in batches_of(letter)),
    step_end.SAYS_NOTHING.match,
    output.BUILDER.match, output.CONTROL.search, block_forms.TELLS.search,
    block_forms.SELF_EVIDENT.match,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_no_other_pattern_costs_more_than_the_length_of_the_line(number: int):
    steep = steep_on(OTHERS[number], PIECES)
    assert steep_on(OTHERS[number], tuple(steep)) == []


@pytest.mark.parametrize(
    "pattern",
    [MARKS, output.ANSI, output.C1, candidates.STARTS, *candidates.SHAPES],
    ids=lambda pattern: pattern.pattern[:12].decode(),
)
def test_no_pattern_of_a_whole_text_costs_more_than_its_length(pattern: re.Pattern[bytes]):
    def search(text: str) -> None:
        pattern.sub(b"", text.encode() * 20)

    pieces = (*PIECES, "\x1b[", "\x1b]", "##[", "\n", "\n ", "\na", "\n1", ":1", "(1", "a:1:")
    steep = steep_on(search, pieces)
    assert steep_on(search, tuple(steep)) == []


def test_log_of_any_length_is_read_in_little_memory():
    lines = b"".join(b"2026-03-02T12:00:01.0000000Z line %d of many\n" % n for n in range(2000))
    failing = b"##[group]Run x\n##[endgroup]\n" + lines * 50

    def pieces() -> Iterator[bytes]:
        for _ in range(15):
            yield failing
        yield b"x" * (1 << 20) * 4 + b"\n" * 200_000
        yield b"error: no such price\n##[error]Process completed with exit code 1.\n"

    tracemalloc.start()
    reader = LogFailureReader()
    pass_on(
        (piece[at : at + BLOCK] for piece in pieces() for at in range(0, len(piece), BLOCK)),
        [reader],
    )
    (message,) = reader.messages()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message.text == "error: no such price"
    assert peak < 64 * 1024 * 1024
