"""The rules, a table for each family of tools; the first that matches a line decides.

So exceptions stand before what they are exceptions to, and what is general stands last.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from rows.logs.rule import Rule
from rows.logs.rules.ended import ENDED, PASSING, WRAPPERS
from rows.logs.rules.general import GENERAL
from rows.logs.rules.javascript import JAVASCRIPT
from rows.logs.rules.jvm import JVM
from rows.logs.rules.native import NATIVE
from rows.logs.rules.python import PYTHON
from rows.logs.rules.scripting import SCRIPTING
from rows.logs.rules.testing import TESTING

RULES: tuple[Rule, ...] = (
    *ENDED,
    *PYTHON,
    *JVM,
    *JAVASCRIPT,
    *NATIVE,
    *PASSING,
    *SCRIPTING,
    *TESTING,
    *WRAPPERS,
    *GENERAL,
)

TOGETHER = 12
"""Rules that are tried at once; which of them it is costs as many tries."""
NAMED_GROUP = re.compile(r"\(\?P<\w+>")


class Batch(NamedTuple):
    """Rules that follow each other, and one pattern of what any of them matches."""

    pattern: re.Pattern[str]
    rules: list[tuple[int, Rule]]


def joined(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that matches where any does; groups would make it three times as slow."""
    return re.compile("|".join(f"(?:{NAMED_GROUP.sub('(?:', pattern)})" for pattern in patterns))


BOUND = [(number, one) for number, one in enumerate(RULES) if not one.word]
FREE = [(number, one) for number, one in enumerate(RULES) if one.word]
BATCHES = [
    Batch(joined(one.pattern.pattern for _, one in rules), rules)
    for rules in (BOUND[first : first + TOGETHER] for first in range(0, len(BOUND), TOGETHER))
]
WORDS = re.compile("|".join(sorted({re.escape(one.word) for _, one in FREE})))


def rule_of(line: str) -> Rule | None:
    """Return the rule that a line meets first, None when it says nothing."""
    best, first = len(RULES), None
    for batch in BATCHES:
        if batch.pattern.match(line):
            best, first = next(each for each in batch.rules if each[1].pattern.match(line))
            break
    if not WORDS.search(line):
        return first
    for number, one in FREE:
        if number > best:
            break
        if one.word in line and one.pattern.search(line):
            return one
    return first
