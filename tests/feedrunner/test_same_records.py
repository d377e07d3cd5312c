"""Output is compared with what was brought last time as if its records alone had been kept."""

import json
import random

import pytest

from feedrunner.comparing import brought, unchanged
from feedrunner.comparing.brought import Brought
from feedrunner.comparing.unchanged import Comparison
from feedrunner.messages import Allowed
from tests.counts import count
from tests.feedrunner.feed import record, state, whole

ALLOWED = Allowed(frozenset(["packages"]), "shop")


def draw_records(draw: random.Random) -> list[bytes]:
    """Return lines of records, some of which hold a word of another line."""
    words = ("x", "STATE", "RECORD", "ACTIVATE_VERSION", "x" * 300)
    number = draw.choice((0, 1, 5, 60))
    lines = [record("packages", name=draw.choice(words), readme=str(at)) for at in range(number)]
    return [draw.choice((line, line, line.replace(b": ", b":"))) for line in lines]


def among(draw: random.Random, records: list[bytes]) -> list[bytes]:
    """Return records with other lines between them."""
    lines = [*records]
    for at in range(draw.choice((0, 0, 1, 2, 9))):
        other = draw.choice((state(at=at, etag="e" * draw.randrange(40)), whole("packages")))
        other = draw.choice((other, other.replace(b": ", b":")))
        lines.insert(draw.choice((len(lines), draw.randint(0, len(lines)))), other)
    return lines


def changed(draw: random.Random, records: list[bytes]) -> list[bytes]:
    """Return records that are the same, or of which one more or one less came."""
    lines, at = [*records], draw.randint(0, len(records))
    match draw.randrange(4):
        case 0:
            lines.insert(at, record("packages", name="new"))
        case 1:
            del lines[at : at + 1]
    return lines


def read(draw: random.Random, comparison: Comparison, lines: list[bytes]) -> list[bytes]:
    """Read lines in pieces that are cut anywhere; return those that must be read."""
    text = b"\n".join(lines) + (b"\n" if lines and draw.random() < 0.7 else b"")
    cuts = sorted(draw.choices(range(len(text) + 1), k=draw.choice((0, 3, 30))))
    ends = [*cuts, len(text)]
    pieces = [text[a:b] for a, b in zip([0, *cuts], ends, strict=True)]
    return [line for group in comparison.read(pieces) for line in group]


@pytest.mark.parametrize("block", [1, 90, 700, 2**20])
@pytest.mark.parametrize("seed", range(count(60, 5_000)))
def test_records_of_last_time_are_known_however_output_is_cut(
    seed: int, block: int, monkeypatch: pytest.MonkeyPatch
):
    draw = random.Random(seed)
    monkeypatch.setattr(brought, "BLOCK", block)
    first = Comparison(None, ALLOWED)
    records = draw_records(draw)
    lines = among(draw, records)
    assert read(draw, first, lines) == lines
    last = first.brought(1, ALLOWED)
    assert last.lines == len(records)

    own = changed(draw, records)
    again = among(draw, own)
    second = Comparison(last, ALLOWED)
    must_be_read = read(draw, second, again)
    kinds = [json.loads(line)["type"] for line in again]
    is_whole = bool(last.whole) or "ACTIVATE_VERSION" not in kinds
    is_same = own == records and is_whole
    assert not second.is_same or is_same
    if second.is_same:
        states = [line for line, kind in zip(again, kinds, strict=True) if kind == "STATE"]
        assert (must_be_read, second.lines) == (states[-1:], len(again))
    else:
        assert must_be_read == again
        assert second.brought(1, ALLOWED)[2:] == read_again(again)
        assert not is_same or block < 2**20


def read_again(lines: list[bytes]) -> tuple:
    """Return what lines bring that are compared with nothing, but for numbers."""
    fresh = Comparison(None, ALLOWED)
    read(random.Random(0), fresh, lines)
    return fresh.brought(1, ALLOWED)[2:]


def known() -> Brought:
    """Return what two records brought."""
    first = Comparison(None, ALLOWED)
    for _ in first.read([b"".join(line + b"\n" for line in RECORDS)]):
        pass
    return first.brought(1, ALLOWED)


def told(lines: list[bytes]) -> tuple[bool, list[bytes]]:
    """Return whether lines bring what those records brought, and the lines that must be read."""
    comparison = Comparison(known(), ALLOWED)
    must_be_read = [one for group in comparison.read([b"\n".join(lines)]) for one in group]
    return comparison.is_same, must_be_read


RECORDS = [record("packages", name="apple"), record("packages", name="pear")]
SCHEMA = b'{"type": "SCHEMA", "stream": "packages"}'
ODD_SCHEMA = b'{"type": "SCHEMA", "stream": "packages", "schema": {"properties": {"nope": {}}}}'


def test_last_state_counts_whatever_streams_states_name():
    first, second, third = (
        state(n=number)[:-1] + f', "stream": "{stream}"}}'.encode()
        for number, stream in enumerate("xyx")
    )
    assert told([first, RECORDS[0], second, RECORDS[1], third]) == (True, [third])


@pytest.mark.parametrize(
    ("bad", "good"), [(b'{"type": "STATE", "value": 5}', state(n=1)), (ODD_SCHEMA, SCHEMA)]
)
def test_bad_line_is_read_though_a_good_one_follows(bad: bytes, good: bytes):
    lines = [RECORDS[0], bad, RECORDS[1], good]
    assert told(lines) == (False, lines)


@pytest.mark.parametrize("cut", [1, 20, 65_536])
def test_state_that_pieces_cut_is_not_kept_waiting_for_ever(
    cut: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unchanged, "PATIENCE_SECONDS", -1)
    long = state(etag="e" * 70_000) + b"\n"
    came = list[bytes]()

    def pieces():
        for piece in (RECORDS[0] + b"\n", long[:cut], long[cut:], RECORDS[1] + b"\n"):
            came.append(piece)
            yield piece

    assert next(iter(Comparison(known(), ALLOWED).read(pieces()))) == [RECORDS[0]]
    assert len(came) == 3
