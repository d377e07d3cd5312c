"""A line that a rule speaks of -> its message, with the lines that belong to it, and its rank."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rows.failure_message import FailureMessage
from rows.log_rules.rule import NOTHING, VAGUE, Rule
from rows.logs.output import Output

BEFORE = 10
"""Lines before a message that are kept with it."""
LONGEST = 2000
TRACEBACK = "Traceback (most recent call last):"
CAUSES = ("During handling of the above exception,", "The above exception was the direct cause")
"""What stands between an exception and the one that it led to."""
VERDICT = "ERROR: Job failed"
"""How the last line begins of a runner that marks none: it belongs to no message."""
FRAME = re.compile(r'\s{1,40}File "(?P<path>[^"]{1,300})", line (?P<line>\d{1,7})')
HEADED = re.compile(r" ?FAIL {1,2}([^\s:]{1,300}\.\w{1,8})(?: \(|$)")
ABOVE = 200
"""Lines above or below within which what belongs to a line is looked for."""


class Reason(NamedTuple):
    """A line that says something: where, how much it tells, by which rule, and its message."""

    place: int
    """Its place in the step's output."""
    number: int
    """The number of the line in the log, from 1."""
    rank: int
    rule: str
    message: FailureMessage
    repeats: str | None = None
    """The test that it names, where such lines sum up what was said in full; empty for any."""


class Following(NamedTuple):
    """Lines that belong to another, and where they say it happened."""

    lines: list[str]
    where: dict[str, str]


def plain_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a line with the lines that follow it as its rule says."""
    follow = following(output, place, rule)
    rank = rule.rank if follow.lines or rule.bare is None else rule.bare
    if rank == NOTHING or is_cause(output, place):
        return None
    return reason(
        output, place, rule, rank, [heading(output.text(place)), *follow.lines], follow.where
    )


def reason(
    output: Output,
    place: int,
    rule: Rule,
    rank: int,
    lines: Sequence[str],
    where: dict[str, str] | None = None,
) -> Reason:
    """Return lines as a reason; what the line itself says of its place counts first."""
    match = rule.pattern.search(output.text(place))
    places = (where or {}) | {k: v for k, v in (match.groupdict() if match else {}).items() if v}
    path = named_above(output, place) if rule.is_below else places.get("path")
    line = int(places["line"]) if "line" in places else None
    context = lines_before(output, place)
    text = "\n".join(lines)[:LONGEST].strip()
    message = FailureMessage(text, context, path, line, rank >= VAGUE)
    repeats = places.get("test", "").rpartition("::")[2] if rule.repeats else None
    return Reason(place, output.number(place), rank, rule.name, message, repeats)


def heading(text: str) -> str:
    """Return a line without the ruler that pytest draws on both sides."""
    return text.strip().strip("_").strip() if text.startswith("___") else text.strip()


def following(output: Output, place: int, rule: Rule) -> Following:
    """Return the lines after a place that belong to its line, by its rule."""
    kept, where = list[str](), dict[str, str]()
    if not rule.more:
        return Following(kept, where)
    for number in range(place + 1, min(place + 1 + rule.within, len(output))):
        text = output.text(number)
        if not text.strip():
            if rule.is_close and kept and rule.place is None:
                break
            continue
        if output.is_marked(number) or text.startswith(VERDICT):
            break
        if rule.until is not None and rule.until.match(text):
            break
        is_open = len(kept) < rule.more
        after = rule.after.match(text) if is_open else None
        if after is not None:
            kept.append(text.strip())
            where |= {name: value for name, value in after.groupdict().items() if value}
        elif kept and rule.place is not None:
            if placed := rule.place.match(text):
                where |= placed.groupdict()
                break
            kept += [""] * (rule.more - len(kept))
        elif rule.skip is None or not rule.skip.match(text):
            break
    return Following([text for text in kept if text], where)


def lines_before(output: Output, place: int) -> str | None:
    """Return the lines before a place that are not blank, at most BEFORE."""
    texts = (output.text(number) for number in range(max(0, place - 2 * BEFORE), place))
    return "\n".join([text for text in texts if text.strip()][-BEFORE:]) or None


def named_above(output: Output, place: int) -> str | None:
    """Return the file that a linter, or jest, named on a line before what is wrong in it."""
    for number in range(place - 1, max(-1, place - ABOVE - 1), -1):
        text = output.text(number)
        if headed := HEADED.match(text):
            return headed[1]
        if text and not text[0].isspace():
            return text if "." in text and " " not in text else None
    return None


def is_cause(output: Output, place: int) -> bool:
    """Tell whether an exception only led to another one, which follows."""
    after = range(place + 1, min(place + 3, len(output)))
    return any(output.text(number).startswith(CAUSES) for number in after)
