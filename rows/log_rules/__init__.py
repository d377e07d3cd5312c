"""The rules, a table for each family of tools; the first that matches a line decides.

So exceptions stand before what they are exceptions to, and what is general stands last.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

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


BOUND = [(number, rule) for number, rule in enumerate(RULES) if not rule.word]
FREE = [(number, rule) for number, rule in enumerate(RULES) if rule.word]
BATCHES = [
    Batch(joined(rule.pattern.pattern for _, rule in rules), rules)
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
    for number, rule in FREE:
        if number > best:
            break
        if rule.word in line and rule.pattern.search(line):
            return rule
    return first
