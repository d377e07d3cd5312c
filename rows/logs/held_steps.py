"""The part of a log that matters, kept in little memory: the step that failed, and what is before.

A vendor's reader says where steps begin and which failed; here their ends are held.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

KEPT = 4 * 1024 * 1024
"""Bytes of the end of a step, and of all before it, that are looked at."""
MOST_STEPS = 1000
"""Steps that are held, the last ones."""


class Part(NamedTuple):
    """Whole lines that follow each other in the log; `first` is the number of the first, from 1."""

    first: int
    lines: bytes


class Step:
    """What a step printed, its last bytes, and the second it began (ISO; empty when unknown)."""

    def __init__(self, begin: str = "") -> None:
        self.begin = begin
        self.first = 1
        self.pieces = deque[bytes]()
        self.length = 0
        self.is_failed = False
        """Whether the runner noted an error in it."""

    def add(self, lines: bytes, first: int) -> None:
        """Add whole lines; `first` is the number of the first. Too many drop the oldest."""
        if not self.pieces:
            self.first = first
        self.pieces.append(lines)
        self.length += len(lines)
        while self.length - len(self.pieces[0]) >= KEPT:
            dropped = self.pieces.popleft()
            self.length -= len(dropped)
            self.first += dropped.count(b"\n")

    def part(self) -> Part:
        """Return its end, at most KEPT bytes."""
        return last_bytes(Part(self.first, b"".join(self.pieces)), KEPT)


def last_bytes(part: Part, most: int) -> Part:
    """Return the last whole lines of a part, together at most `most` bytes."""
    if len(part.lines) <= most:
        return part
    begin = part.lines.find(b"\n", len(part.lines) - most - 1) + 1
    return Part(part.first + part.lines.count(b"\n", 0, begin), part.lines[begin:])


class Failed(NamedTuple):
    """What is looked at to say why a job failed: a step, and all that was printed before it.

    Where no step is known to have failed, `step` is the end of all steps.
    """

    step: list[Part]
    before: list[Part]
    is_known: bool = True


def last_parts(steps: Iterable[Step]) -> list[Part]:
    """Return the ends of steps, together at most KEPT bytes, in the log's order."""
    parts, left = deque[Part](), KEPT
    for part in (step.part() for step in reversed([*steps])):
        part = last_bytes(part, left)
        if part.lines:
            parts.appendleft(part)
            left -= len(part.lines)
        if left <= 0:
            break
    return [*parts]


class HeldSteps:
    """The steps so far; of those that ended no more than what is looked at."""

    def __init__(self) -> None:
        self.steps = deque([Step()])
        self.length = 0
        """Bytes of the steps that ended."""

    @property
    def last(self) -> Step:
        """The step that goes on."""
        return self.steps[-1]

    def begin(self, time: str) -> None:
        """Let the next step begin."""
        self.length += self.last.length
        self.steps.append(Step(time))
        while self.length - self.steps[0].length >= KEPT or len(self.steps) > MOST_STEPS:
            self.length -= self.steps.popleft().length

    def failed(self) -> Failed:
        """Return the last step as the one that failed."""
        *before, step = self.steps
        return Failed([step.part()], last_parts(before))

    def all(self) -> Failed:
        """Return all steps together."""
        return Failed(last_parts(self.steps), [], is_known=False)
