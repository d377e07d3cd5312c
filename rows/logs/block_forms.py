"""Forms of their own: a traceback, a test of Maven, a numbered list, a point of TAP."""

import re
from collections.abc import Callable

from rows.log_rules.rule import COUNTED, PASSED_ON, PLACED, RAISED, VAGUE, Rule
from rows.logs.blocks import (
    ABOVE,
    FRAME,
    LONGEST,
    TRACEBACK,
    Reason,
    following,
    is_cause,
    plain_reason,
    reason,
)
from rows.logs.go_forms import go_reason
from rows.logs.output import Output

CALLED = re.compile(r"(?:subprocess\.)?CalledProcessError: ")


def read_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return what a line says by a rule, None where it is said elsewhere or is nothing."""
    read = READERS.get(rule.read)
    if read is not None:
        return read(output, place, rule)
    return plain_reason(output, place, rule)


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
            return reason(output, place, rule, rank, lines, where)._replace(
                place=number, number=output.number(number)
            )
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
    first = plain_reason(output, place, rule)
    if first is None or first.rank != PLACED:
        return first
    cause = None
    for number in range(place + 1, min(place + ABOVE, len(output))):
        text = output.text(number)
        if text.startswith("Caused by: "):
            cause = text
        elif "<<< " in text or not text.strip():
            break
    if cause and cause not in first.message.text:
        text = f"{first.message.text}\n{cause}"[:LONGEST]
        return first._replace(message=first.message._replace(text=text))
    return first


SELF_EVIDENT = re.compile(
    r"(?:Execution failed for task |> (?:There were failing tests|"
    r"Compilation (?:(?:failed|error); see|failed to complete)|Process 'command|"
    r"A failure occurred while executing|.{0,200}finished with non-zero exit value|"
    r".{0,200}See the report))"
)


def gradle_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return what went wrong by Gradle; that tests failed or a compiler did is said elsewhere."""
    first = plain_reason(output, place, rule)
    if first is None:
        return None
    lines = first.message.text.split("\n")[1:]
    if lines and all(SELF_EVIDENT.match(line) for line in lines):
        return first._replace(rank=VAGUE, message=first.message._replace(vague=True))
    return first


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


def boxed_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a test whose heading stands in a box, with what follows below that."""
    follow = following(output, place, rule)
    head = re.sub(r"\s{2,}", " ", output.text(place).strip("│ "))
    rank = rule.rank if follow.lines else COUNTED
    return reason(output, place, rule, rank, [head, *follow.lines], follow.where)


TCL_LINES = 60
"""Within which a test's result follows its text."""


def tcltest_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a test of Tcl: the error that it raised, else its result and what that should be."""
    lines, error = list[str](), None
    for number in range(place + 1, min(place + 1 + TCL_LINES, len(output))):
        text = output.text(number).strip()
        if rule.pattern.match(text) or (error and text.startswith("while executing")):
            break
        if text.startswith("---- errorInfo: "):
            error = text
        if text and (lines or text.startswith("---- Result")):
            lines.append(text)
    kept = [error] if error else lines[: rule.more]
    if not kept:
        return None  # the line that ends one
    return reason(output, place, rule, rule.rank, [output.text(place).strip(), *kept])


CAUSED = re.compile(r"Caused by:$")
"""What programs in Rust print between an error and what it came from."""


BELOW = re.compile(r"\s{1,2}(?:left|right): \S|\s{1,8}Caused by: \S")
HANGING = re.compile(r"ERROR {4}\S"), re.compile(r" {9}\S")
"""How a logger of Python's `rich` goes on with a line that is too long."""


def caused_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return an error with what caused it, where that follows, also under a heading of its own.

    Rust says below a panic what was compared.
    """
    first = plain_reason(output, place, rule)
    near = range(place + 1, min(place + 5, len(output)))
    below = HANGING[1] if HANGING[0].match(output.text(place)) else BELOW
    causes = [text.strip() for n in near if below.match(text := output.text(n))]
    heading = next((n for n in near if output.text(n).strip()), None)
    if first is None or not (causes or (heading and CAUSED.match(output.text(heading)))):
        return first
    causes = causes or following(output, heading or place, CAUSES_BELOW).lines
    text = "\n".join((first.message.text, *causes))[:LONGEST]
    return first._replace(message=first.message._replace(text=text))


CAUSES_BELOW = Rule("", RAISED, CAUSED, "", more=3, is_close=True, after=re.compile(r"\s{2,8}\S"))


def above_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a line with those above it that it counts, by its rule's `after`."""
    numbers = range(max(0, place - ABOVE), place)
    texts = [text for n in numbers if rule.after.match(text := output.text(n))][: rule.more]
    return reason(output, place, rule, rule.rank if texts else VAGUE, [*texts, output.text(place)])


def dart_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a test of Dart; Flutter said above its name what was thrown."""
    first = plain_reason(output, place, rule)
    if first is None or "See exception logs above" not in first.message.text:
        return first
    for number in range(place - 1, max(-1, place - ABOVE), -1):
        if output.text(number).startswith("The following "):
            thrown = following(output, number, THROWN).lines
            lines = [output.text(place).strip(), *(thrown or [output.text(number)])]
            return reason(output, place, rule, PLACED, lines)
    return first


THROWN = Rule("", PLACED, re.compile(""), "", more=3, until=re.compile(r"When the exception was"))


def ansible_reason(output: Output, place: int, rule: Rule) -> Reason | None:
    """Return a task of Ansible that failed, with its name; one that may fail says nothing."""
    below = range(place + 1, min(place + 12, len(output)))
    if any(output.text(number).startswith("...ignoring") for number in below):
        return None
    above = (output.text(number) for number in range(place - 1, max(-1, place - ABOVE), -1))
    task = next((text.rstrip(" *") for text in above if text.startswith("TASK [")), None)
    lines = [*([task] if task else []), output.text(place)]
    return reason(output, place, rule, rule.rank, lines)


READERS: dict[str, Callable[[Output, int, Rule], Reason | None]] = {
    "go": go_reason,
    "traceback": traceback_reason,
    "surefire": surefire_reason,
    "gradle": gradle_reason,
    "numbered": numbered_reason,
    "tap": tap_reason,
    "boxed": boxed_reason,
    "tcltest": tcltest_reason,
    "caused": caused_reason,
    "above": above_reason,
    "dart": dart_reason,
    "ansible": ansible_reason,
}
"""What reads the lines of rules that have a form of their own."""
