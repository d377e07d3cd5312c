"""A job's log as GitHub keeps it -> the step that failed, in one pass and little memory.

Each line begins with a time; `##[group]Run ...` opens a step and shows its script, which may
hold any words.
https://docs.github.com/actions/how-tos/monitor-workflows/use-workflow-run-logs
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from rows.logs.held_steps import Failed, HeldSteps
from rows.logs.output import Dialect

SCRIPT_LINES = 2000
"""A script that is longer never ended: the mark of its end is lost."""
LONGEST_STAMP = 64

STAMP = re.compile(rb"(?:\xef\xbb\xbf)?(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z ?)?")
MARKS = re.compile(rb"##\[(?:group\]Run |endgroup\]|error\])")
RUN, END_GROUP, ERROR = b"##[group]Run ", b"##[endgroup]", b"##[error]"
CLEANUP = b"Post job cleanup."

USUAL_STAMP = 29
"""Bytes of a time as the runner writes it, and the blank after it."""


def strip_times(lines: list[bytes]) -> list[bytes]:
    """Return lines without the time before them."""
    return [
        line[USUAL_STAMP:]
        if line[USUAL_STAMP - 2 : USUAL_STAMP] == b"Z " and line[:2] == b"20"
        else strip_time(line)
        for line in lines
    ]


def strip_time(line: bytes) -> bytes:
    """Return a line without a time of any length before it."""
    stamp = STAMP.match(line)
    return line[stamp.end() :] if stamp else line


HIDDEN = (b"##[group]", END_GROUP, b"##[debug]")
DIALECT = Dialect(strip_times, ERROR, HIDDEN)


class Mark(NamedTuple):
    """A mark at the begin of a line: which, where its line begins, and the second before it."""

    word: bytes
    begin: int
    time: str


class FailedStepReader:
    """Find the step that failed; `span` is when it began and ended (ISO, UTC), if known.

    A step that may fail (`continue-on-error`) is noted as an error, too: the times tell. Without
    any such note, as in a log that breaks off, all steps are taken together.
    """

    def __init__(self, span: tuple[str, str] | None = None) -> None:
        self.span = span
        self.steps = HeldSteps()
        self.script = 0
        """Lines that the script of the step may still have."""
        self.line = 1
        """The number of the next line."""
        self.first_failed: Failed | None = None
        self.within: Failed | None = None

    def read(self, block: bytes) -> None:
        """Take the next lines."""
        if self.within:
            return
        place = 0
        for mark in marks_of(block):
            step = self.steps.last
            if (mark.word == END_GROUP and not self.script) or (
                mark.word == ERROR and step.is_failed
            ):
                continue
            self.take(block[place : mark.begin])
            place = mark.begin
            if mark.word == END_GROUP:
                self.script = min(self.script, 1)
            elif mark.word == ERROR:
                step.is_failed = not self.script
            else:
                self.end_step()
                place = block.index(b"\n", place) + 1
                self.line += 1
                self.steps.begin(mark.time)
                self.script = SCRIPT_LINES if mark.word == RUN else 0
            if self.within:
                return
        self.take(block[place:])

    def take(self, lines: bytes) -> None:
        """Add what a step printed, without the script that is shown before it."""
        number = lines.count(b"\n")
        hidden = min(self.script, number)
        self.script -= hidden
        self.line += number
        if hidden == number:
            return
        place = 0
        for _ in range(hidden):
            place = lines.index(b"\n", place) + 1
        self.steps.last.add(lines[place:], self.line - number + hidden)

    def end_step(self) -> None:
        """Note what the step was that ends here."""
        step = self.steps.last
        if not step.is_failed:
            return
        is_within = self.span is None or self.span[0] <= step.begin <= self.span[1]
        if is_within or self.first_failed is None:
            failed = self.steps.failed()
            self.first_failed = self.first_failed or failed
            self.within = failed if is_within else None

    def failed(self) -> Failed:
        """Return what was found, when the log is at its end."""
        if not self.within:
            self.end_step()
        return self.within or self.first_failed or self.steps.all()


def marks_of(block: bytes) -> Iterator[Mark]:
    """Yield the marks at the beginning of lines, in order."""
    cleanup = block.find(CLEANUP)
    for match in MARKS.finditer(block):
        while 0 <= cleanup < match.start():
            yield from mark_at(block, cleanup, CLEANUP)
            cleanup = block.find(CLEANUP, cleanup + 1)
        yield from mark_at(block, match.start(), match[0])
    while cleanup >= 0:
        yield from mark_at(block, cleanup, CLEANUP)
        cleanup = block.find(CLEANUP, cleanup + 1)


def mark_at(block: bytes, place: int, word: bytes) -> Iterator[Mark]:
    """Yield the mark at a place if nothing but a time is before it in its line."""
    begin = block.rfind(b"\n", max(0, place - LONGEST_STAMP), place) + 1
    if begin == 0 and place > LONGEST_STAMP:
        return
    stamp = STAMP.fullmatch(block, begin, place)
    if stamp:
        yield Mark(word, begin, (stamp[1] or b"").decode())
