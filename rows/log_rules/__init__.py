"""The rules, a table for each family of tools; the first that matches a line decides.

So exceptions stand before what they are exceptions to, and what is general stands last.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from rows.log_rules.beginnings import beginnings
from rows.log_rules.ended import ENDED, PASSING, WRAPPERS
from rows.log_rules.frameworks import FRAMEWORKS
from rows.log_rules.general import GENERAL
from rows.log_rules.javascript import JAVASCRIPT
from rows.log_rules.jvm import JVM
from rows.log_rules.native import NATIVE
from rows.log_rules.python import PYTHON
from rows.log_rules.rule import Rule
from rows.log_rules.scanning import SCANNING
from rows.log_rules.scripting import SCRIPTING
from rows.log_rules.testing import TESTING

RULES: tuple[Rule, ...] = (
    *ENDED,
    *FRAMEWORKS,
    *SCANNING,
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

TOGETHER = 16
"""Rules that are tried at once; which of them it is costs as many tries."""
KEPT = 512
"""Letters, or sets of rules, whose patterns are kept; a text may begin its lines with any."""
NAMED_GROUP = re.compile(r"\(\?P<\w+>")


class Batch(NamedTuple):
    """Rules that follow each other, and one pattern of what any of them matches."""

    pattern: re.Pattern[str]
    rules: list[tuple[int, Rule]]


BOUND = [(number, rule) for number, rule in enumerate(RULES) if not rule.word]
FREE = [(number, rule) for number, rule in enumerate(RULES) if rule.word]
BEGINNINGS = [(number, beginnings(rule.pattern.pattern)) for number, rule in BOUND]


@lru_cache(KEPT)
def batches_of(letter: str) -> list[Batch]:
    """Return the rules that lines may meet which begin with a letter, in order."""
    return batches(tuple(number for number, first in BEGINNINGS if first.match(letter)))


@lru_cache(KEPT)
def batches(numbers: tuple[int, ...]) -> list[Batch]:
    """Return rules, some together in a pattern; groups would make it three times as slow."""
    parts = (numbers[first : first + TOGETHER] for first in range(0, len(numbers), TOGETHER))
    return [
        Batch(re.compile("|".join(map(alone, part))), [(number, RULES[number]) for number in part])
        for part in parts
    ]


def alone(number: int) -> str:
    """Return the pattern of a rule, none of its groups with a name, as one of several."""
    return f"(?:{NAMED_GROUP.sub('(?:', RULES[number].pattern.pattern)})"


def rule_of(line: str) -> Rule | None:
    """Return the rule that a line meets first, None when it says nothing."""
    best, first = len(RULES), None
    for batch in batches_of(line[0]) if line else ():
        if batch.pattern.match(line):
            best, first = next(each for each in batch.rules if each[1].pattern.match(line))
            break
    for number, rule in FREE:
        if number > best:
            break
        if rule.word in line and rule.pattern.search(line):
            return rule
    return first
