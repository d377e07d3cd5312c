"""A test of Go: what it said, which stands below its name, or above it where tests are verbose."""

import re
from typing import NamedTuple

from rows.log_rules.rule import COUNTED, PLACED, Rule
from rows.logs.blocks import ABOVE, Reason, following, reason
from rows.logs.output import Output

NAME = re.compile(r"\s{0,40}[-=]{3} FAIL: (\S{1,300})")
SWITCH = re.compile(r"=== (RUN|NAME|CONT|PAUSE)\s{1,4}(\S{1,300})$")
ENDED = re.compile(r"\s{0,40}--- (?:PASS|FAIL|SKIP): |(?:FAIL|ok|PASS)\b|panic: ")
FILE = re.compile(r"\s{1,60}(?P<path>[^\s:()]{1,300}\.go):(?P<line>\d{1,7}):(?: (?P<text>\S.*))?")
TELLS = re.compile(
    r"(?:[Ee]rror|[Ff]ail|[Ee]xpect|[Aa]ssert|[Uu]nexpected|[Tt]imed? ?out|\bwant|\bgot\b|should|"
    r"not |!=|mismatch|panic|cannot|can't|invalid|[-+]{3} |\bdiff)"
)
TESTIFY = re.compile(r"\s{1,60}Error Trace:")
ASSERTED = re.compile(r"\s{1,60}Error:\s{1,40}(\S.*)")
AFTER = re.compile(r"\s{1,60}(?:Test|Messages):\s")
RACE = re.compile(r"testing\.go:\d{1,5}: race detected during execution of test")
"""What only says that there is a report of a race, which stands elsewhere."""
GOES_ON = re.compile(r"(?::|exit (?:status|code) \d{1,3})\s{0,4}$")
"""How a text ends that says nothing without what stands below it."""
MOST_SAID = 60
"""Lines of a test that are looked at."""


class Said(NamedTuple):
    """What a test said, and where."""

    lines: list[str]
    where: dict[str, str]


def go_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a Go test that failed; one that has subtests says nothing itself: they follow."""
    follow = following(output, place, rule)
    name = output.text(place).strip()
    ours = indent(output.text(place))
    kept = list[str]()
    for text in follow.lines:
        if text.startswith("---"):
            below = next(
                output.text(n) for n in range(place + 1, len(output)) if output.text(n).strip()
            )
            if not kept and indent(below) > ours:
                return None
            break
        kept.append(text)
    raw = output.text(place + 1) if place + 1 < len(output) else ""
    if kept and not raw.startswith("panic: ") and raw.strip() and indent(raw) <= ours:
        kept = []
    kept = [text for text in kept if not RACE.search(text)]
    said = said_by_a_file(below_of(output, place, ours)) if kept else None
    said = said or (None if kept else said_by_a_file(above_of(output, place)))
    if said is not None:
        return reason(output, place, rule, PLACED, [name, *said.lines], said.where)
    where = follow.where if kept else {}
    lines = [name, *kept[:1]]
    if len(kept) > 1 and re.match(r"panic: |.{1,300}\.go:\d+:\s*$", kept[0]):
        lines.append(kept[1])
    return reason(output, place, rule, PLACED if kept else COUNTED, lines, where)


def indent(text: str) -> int:
    """Return how many spaces a line begins with."""
    return len(text) - len(text.lstrip())


def below_of(output: Output, place: int, ours: int) -> list[str]:
    """Return the lines below a test's name that are its own."""
    lines = list[str]()
    for number in range(place + 1, min(place + 1 + MOST_SAID, len(output))):
        text = output.text(number)
        if (text.strip() and indent(text) <= ours) or ENDED.match(text):
            break
        lines.append(text)
    return lines


def above_of(output: Output, place: int) -> list[str]:
    """Return the lines above a test's name that it printed, by the names that stand before them."""
    match, lines = NAME.match(output.text(place)), list[str]()
    if match is None:
        return lines
    for number in range(place - 1, max(-1, place - 2 * ABOVE), -1):
        text = output.text(number)
        switch = SWITCH.match(text)
        if switch and switch[2] == match[1] and any(FILE.match(line) for line in lines):
            return lines[::-1]
        if switch and switch[2] == match[1] and switch[1] == "RUN":
            return []
        if switch or ENDED.match(text):
            lines.clear()
        else:
            lines.append(text)
    return []


def said_by_a_file(lines: list[str]) -> Said | None:
    """Return the line of a file that tells of a failure, else the last; None where there is none.

    What testify asserts stands below such a line: the error, without its trace.
    """
    places = [n for n, line in enumerate(lines) if FILE.match(line) and not RACE.search(line)]
    if not places:
        return None
    number = next((each for each in places if tells(lines, each)), places[-1])
    match = FILE.match(lines[number])
    where = {name: match[name] for name in ("path", "line")} if match else {}
    own = [lines[number].strip()]
    if number + 1 < len(lines) and TESTIFY.match(lines[number + 1]):
        own += asserted(lines[number + 1 :])
    elif match and (match["text"] is None or GOES_ON.search(match["text"])):
        own += [line.strip() for line in lines[number + 1 : number + 5] if line.strip()][:2]
    return Said(own, where)


def tells(lines: list[str], number: int) -> bool:
    """Tell whether a file's line, or what stands below it without a text of its own, tells more."""
    match = FILE.match(lines[number])
    text = match["text"] if match else None
    return bool(TELLS.search(text)) if text else number + 1 < len(lines)


def asserted(lines: list[str]) -> list[str]:
    """Return what testify says: its error, at most three lines."""
    kept = list[str]()
    for line in lines[:30]:
        first = ASSERTED.match(line)
        if first and not kept:
            kept.append(first[1].strip())
        elif kept and (AFTER.match(line) or FILE.match(line)):
            break
        elif kept and line.strip():
            kept.append(line.strip())
    return kept[:3]
