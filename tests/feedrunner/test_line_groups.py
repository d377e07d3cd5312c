"""Lines that are read together say what they say one by one."""

import random
from collections.abc import Iterable
from itertools import pairwise

import pytest

from feedrunner import line_groups
from feedrunner.line_groups import read_groups, read_rows
from feedrunner.messages import Allowed, BadLine, Message, Record, State, WholeStream, read_messages
from feedrunner.writing.waiting_rows import WaitingRows, records_of
from tests.counts import count
from tests.feedrunner.feed import record, state, whole

ALLOWED = Allowed(frozenset(["packages", "versions", "dependencies", "points"]), "shop", 40)
GOOD = [
    record("packages", name="apple", import_id="a"),
    record("packages", manager="shop", name="pear", readme=None),
    record("packages", readme="ripe", name="plum"),
    record("versions", package="apple", version="1", size=5, yanked=False),
    record("versions", package="apple", version="2", size=None, published_at="2026-11-23"),
    record("versions", package="apple", version="2", published_at=None),
    record("dependencies", package="apple", version="1", position=0, name="fig"),
    record("dependencies", package="apple", version="1", position=1, name="fig", range=">1"),
    record("points", series="a", time="2026-11-23T01:00:00+01:00", value=1, labels={"os": "mac"}),
    record("points", series="a", time="2026-11-23T00:00:00Z", value=None, labels=None),
]
ODD = [
    b"",
    b"Collecting shop==1.0",
    b'{"type":"RECORD","stream":"packages","record":{"name":NaN}}',
    b'{"type":"RECORD","stream":"packages","record":[1]}',
    b'{"type":"RECORD","stream":["packages"],"record":{}}',
    b'{"type":"RECORD","stream":"packages"}',
    state(at=1),
    whole("packages"),
    record("packages", import_id="a"),
    record("packages", name=None),
    record("packages", name=""),
    record("packages", name="x" * 513),
    record("packages", name="a\0b"),
    record("packages", name="apple", colour="red"),
    record("packages", name="apple", manager="stall"),
    record("packages", name="apple", manager=None),
    record("versions", package="apple", version="1", size=True),
    record("versions", package="apple", version="1", size=2**63),
    record("versions", package="apple", version="1", size=1.5),
    record("versions", package="apple", version="1", yanked=0),
    record("versions", package="apple", version="1", published_at="yesterday"),
    record("dependencies", package="apple", version="1", position=-1, name="fig"),
    record("dependencies", package="apple", version="1", position=2**31, name="fig"),
    record("provides", package="apple", version="1", name="fruit"),
]


def said(messages: Iterable[WaitingRows | Message]) -> tuple[list[Message], str]:
    """Return messages up to the line that ends them, and what it says."""
    came = list[Message]()
    try:
        for message in messages:
            if isinstance(message, State | WholeStream):
                came.append(message)
            elif isinstance(message, Record):
                came.append(message._replace(size=0))
            else:
                rows = [records_of(message.of(stream)) for stream in ALLOWED.streams]
                came += sorted(
                    (each for some in rows for each in some), key=lambda each: each.number
                )
    except BadLine as error:
        return came, str(error)
    return came, ""


@pytest.mark.parametrize("seed", range(count(60, 5_000)))
def test_groups_of_lines_say_what_their_lines_say(seed: int):
    draw = random.Random(seed)
    lines = draw.choices(GOOD, k=draw.randint(0, 60))
    for _ in range(draw.choice((0, 1, 3))):
        lines.insert(draw.randint(0, len(lines)), draw.choice(ODD))
    cuts = sorted(draw.choices(range(len(lines) + 1), k=3))
    ends = [0, *cuts, len(lines)]
    groups = [lines[a:b] for a, b in pairwise(ends)]
    assert said(read_groups(groups, ALLOWED)) == said(read_messages(lines, ALLOWED))


def test_usual_lines_are_read_together_and_odd_ones_are_not():
    rows = read_rows(1, GOOD, ALLOWED)
    assert rows is not None
    assert rows.count == len(GOOD)
    assert [line for line in ODD if read_rows(1, [*GOOD, line], ALLOWED) is not None] == []
    longest = record("packages", name="apple", readme="x" * line_groups.LONGEST)
    assert read_rows(1, [longest], ALLOWED) is None
