"""What a rule is: a pattern of a line, how much such a line tells, and what belongs to it.

A pattern sees one line of at most `output.LONGEST` letters. None can backtrack far: what repeats
is bounded, possessive, or made of letters that what follows cannot begin with; a test looks for
those whose time grows faster than the line. Groups named `path` and `line` say where.
"""

import re
from typing import NamedTuple

(
    END,
    KILLED,
    PLACED,
    COUNTED,
    RAISED,
    SAID,
    NAMED,
    LAST,
    PASSED_ON,
    VAGUE,
    CODE,
    NOTHING,
) = range(12)
"""Ranks, the best first: why the job was ended, that it was killed, an error with its place or
test, a test's name alone, an exception or a tool's own sentence, what an action said, anything
that calls itself an error, the end of what a step printed, an error of what a tool started, that
something failed, the exit code; and lines that say nothing, whatever words they hold.
Lines of the best rank that is met are the messages."""

RANK_NAMES = (
    "ended", "killed", "placed", "counted", "raised", "said", "named", "end of the step",
    "passed on", "vague", "exit code", "nothing",
)  # fmt: skip

ANY = r"\s*+\S"
GIVEN = r"(?P<path>[^\s:()]{1,300})"
LINE = r"(?P<line>\d{1,7})"
PLACE = (
    r"(?!\[?\d{1,4}(?:[-/. ]\d|:))"
    r"(?P<path>(?:[A-Za-z]:)?[^\s:][^:]{0,300}):(?P<line>\d{1,7})(?::\d{1,7}){0,2}"
)


class Rule(NamedTuple):
    """A line that says something, by its pattern, and the lines that belong to it.

    `example` is such a line. `word`: a text that every line has which a pattern can match that is
    not bound to the line's beginning; such a pattern is only tried on those.
    """

    name: str
    rank: int
    pattern: re.Pattern[str]
    example: str
    word: str = ""
    more: int = 0
    """How many lines that follow belong to it, at most."""
    after: re.Pattern[str] = re.compile(ANY)
    """What such a line matches."""
    skip: re.Pattern[str] | None = None
    """What matches a line that may stand between; any other ends it."""
    until: re.Pattern[str] | None = None
    """What matches a line that ends it, whatever else matches."""
    within: int = 8
    """How many lines are looked at."""
    is_close: bool = False
    """Whether the lines that follow must touch each other."""
    bare: int | None = None
    """The rank where nothing follows, NOTHING for none; None: the same."""
    place: re.Pattern[str] | None = None
    """What matches a later line that says where."""
    is_below: bool = False
    """Whether the file is named by a line of its own before."""
    repeats: bool = False
    """Whether it sums up what others of its rank said in full."""
    read: str = ""
    """The name of the reader (`blocks.READERS`) of what has a form of its own."""


def rule(
    name: str,
    rank: int,
    pattern: str,
    example: str,
    *,
    word: str = "",
    more: int = 0,
    after: str = ANY,
    skip: str | None = None,
    until: str | None = None,
    within: int = 8,
    is_close: bool = False,
    bare: int | None = None,
    place: str | None = None,
    is_below: bool = False,
    repeats: bool = False,
    read: str = "",
) -> Rule:
    """Return a rule from its patterns. Raises ValueError for one tried everywhere on any line."""
    if not pattern.startswith("^") and not word:
        raise ValueError(f"the rule {name} wants a ^ or a word")
    skipped, ended, placed = (re.compile(text) if text else None for text in (skip, until, place))
    return Rule(
        name,
        rank,
        re.compile(pattern),
        example,
        word,
        more,
        re.compile(after),
        skipped,
        ended,
        within,
        is_close,
        bare,
        placed,
        is_below,
        repeats,
        read,
    )
