"""A line that a rule speaks of -> its message, with the lines that belong to it, and its rank."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rows.failure_message import FailureMessage
from rows.logs.output import Output
from rows.logs.rule import COUNTED, NOTHING, PASSED_ON, PLACED, RAISED, VAGUE, Rule

BEFORE = 10
"""Lines before a message that are kept with it."""
LONGEST = 2000
TRACEBACK = "Traceback (most recent call last):"
CAUSES = ("During handling of the above exception,", "The above exception was the direct cause")
"""What stands between an exception and the one that it led to."""
FRAME = re.compile(r'\s{1,40}File "(?P<path>[^"]{1,300})", line (?P<line>\d{1,7})')
CALLED = re.compile(r"(?:subprocess\.)?CalledProcessError: ")
ABOVE = 200
"""Lines above or below within which what belongs to a line is looked for."""


class Reason(NamedTuple):
    """A line that says something: where, how much it tells, by which rule, and its message."""

    place: int
    rank: int
    rule: str
    message: FailureMessage
    repeats: str | None = None
    """The test that it names, where such lines sum up what was said in full; empty for any."""


class Following(NamedTuple):
    """Lines that belong to another, and where they say it happened."""

    lines: list[str]
    where: dict[str, str]


def read_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return what a line says by a rule, None where it is said elsewhere or is nothing."""
    read = READERS.get(rule.read)
    if read is not None:
        return read(output, place, rule)
    return plain_reason(output, place, rule)


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
    found = (where or {}) | {k: v for k, v in (match.groupdict() if match else {}).items() if v}
    path = named_above(output, place) if rule.is_below else found.get("path")
    line = int(found["line"]) if "line" in found else None
    context = lines_before(output, place)
    text = "\n".join(lines)[:LONGEST].strip()
    message = FailureMessage(text, context, path, line, rank >= VAGUE)
    repeats = found.get("test", "").rpartition("::")[2] if rule.repeats else None
    return Reason(place, rank, rule.name, message, repeats)


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
        if output.is_marked(number) or (rule.until is not None and rule.until.match(text)):
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
    """Return the file that a linter named on a line of its own, before what is wrong in it."""
    for number in range(place - 1, max(-1, place - ABOVE - 1), -1):
        text = output.text(number)
        if text and not text[0].isspace():
            return text if "." in text and " " not in text else None
    return None


def is_cause(output: Output, place: int) -> bool:
    """Tell whether an exception only led to another one, which follows."""
    after = range(place + 1, min(place + 3, len(output)))
    return any(output.text(number).startswith(CAUSES) for number in after)


def indent(text: str) -> int:
    """Return how many spaces a line begins with."""
    return len(text) - len(text.lstrip())


def go_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a Go test that failed; one that has subtests says nothing itself: they follow."""
    follow = following(output, place, rule)
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
    where = follow.where if kept else {}
    lines = [output.text(place).strip(), *kept[:1]]
    if len(kept) > 1 and re.match(r"Error Trace:|panic: |.{1,300}\.go:\d+:\s*$", kept[0]):
        lines.append(kept[1])
    return reason(output, place, rule, PLACED if kept else COUNTED, lines, where)


def traceback_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return the exception that ends a Python traceback, and where it was raised."""
    prefix = output.text(place).removesuffix(TRACEBACK)
    where = dict[str, str]()
    for number in range(place + 1, min(place + 400, len(output))):
        text = output.text(number).removeprefix(prefix)
        if frame := FRAME.match(text):
            where = frame.groupdict()
        elif text and not text[0].isspace():
            if is_cause(output, number):
                return None
            test = test_above(output, place)
            more = following(output, number, EXCEPTION_TEXT).lines if text.endswith(":") else []
            rank = PLACED if test else PASSED_ON if CALLED.match(text) else RAISED
            lines = [*([test] if test else []), text, *more]
            return reason(output, place, rule, rank, lines, where)._replace(place=number)
    return None


EXCEPTION_TEXT = Rule("", RAISED, re.compile(""), "", more=2, is_close=True, within=3)


def test_above(output: Output, place: int) -> str | None:
    """Return the heading that unittest puts above a traceback: which test it is.

    The test's docstring may stand between.
    """
    if not output.text(max(0, place - 1)).startswith("-----"):
        return None
    for number in range(place - 2, max(-1, place - 6), -1):
        text = output.text(number)
        if text.startswith(("FAIL: ", "ERROR: ")):
            return text
        if text.startswith("====="):
            return None
    return None


def surefire_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a test that Maven ran, with what it raised and what caused that."""
    found = plain_reason(output, place, rule)
    if found is None or found.rank != PLACED:
        return found
    cause = None
    for number in range(place + 1, min(place + ABOVE, len(output))):
        text = output.text(number)
        if text.startswith("Caused by: "):
            cause = text
        elif "<<< " in text or not text.strip():
            break
    if cause and cause not in found.message.text:
        text = f"{found.message.text}\n{cause}"[:LONGEST]
        return found._replace(message=found.message._replace(text=text))
    return found


SELF_EVIDENT = re.compile(
    r"> (?:There were failing tests|Compilation (?:failed|error); see|Process 'command|"
    r"A failure occurred while executing|.{0,200}finished with non-zero exit value)"
)


def gradle_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return what went wrong by Gradle; that tests failed or a compiler did is said elsewhere."""
    found = plain_reason(output, place, rule)
    if found is None:
        return None
    lines = found.message.text.split("\n")[1:]
    if len(lines) < 3 and any(SELF_EVIDENT.match(line) for line in lines):
        return found._replace(rank=VAGUE, message=found.message._replace(vague=True))
    return found


def numbered_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a numbered test, where what follows looks like one: other lists are numbered, too."""
    follow = following(output, place, rule)
    text = output.text(place)
    says = [line for line in follow.lines if TELLS.search(line)]
    if not says and not (TELLS.search(text) and follow.lines):
        return None
    return reason(output, place, rule, PLACED, [text.strip(), *follow.lines], follow.where)


TELLS = re.compile(
    r"(?:[Ee]rror|[Ff]ail|[Ee]xpect|[Aa]ssert|[Ee]xception|[Tt]imeout|[Tt]imed out|should|not |"
    r"Message:|undefined|!=|≠|got:|given|mismatch|unknown|\+ )"
)


def tap_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a point of TAP that failed; a suite that has points of its own says nothing."""
    follow = following(output, place, rule)
    lines = [line for line in follow.lines if line not in (">-", "|-", "---", "...")]
    raw = " ".join(output.text(n) for n in range(place + 1, min(place + 8, len(output))))
    if re.search(r"failureType: '(?:subtestsFailed|parentAlreadyFinished)'", raw):
        return None
    rank = PLACED if lines else COUNTED
    return reason(output, place, rule, rank, [output.text(place).strip(), *lines[:5]], follow.where)


READERS: dict[str, Callable[[Output, int, Rule], Reason | None]] = {
    "go": go_reason,
    "traceback": traceback_reason,
    "surefire": surefire_reason,
    "gradle": gradle_reason,
    "numbered": numbered_reason,
    "tap": tap_reason,
}
"""What reads the lines of rules that have a form of their own."""
