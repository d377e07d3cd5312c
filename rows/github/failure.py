"""Annotations and logs of a failed job -> what they say, as messages that can be compared.

https://docs.github.com/rest/checks/runs#list-check-run-annotations
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rows import fields
from rows.error_lines import PLACED, RAISED, SAID, VAGUE, Rule, rule_of
from rows.github.job_log import DIALECT, FailedStepReader
from rows.logs.output import Output, clean
from rows.logs.stream import pass_on
from rows.source_record import FailureMessage

MOST = 10
"""Messages of a job; GitHub makes no more annotations of a step either."""
MOST_LINES = 10_000
"""Lines of a step that are looked at, the last ones."""
BEFORE = 10
"""Lines before a message that are kept with it."""
LONGEST = 2000
AT = "annotation"
ERROR = "##[error]"
TRACEBACK = "Traceback (most recent call last):"
CAUSES = ("During handling of the above exception,", "The above exception was the direct cause")
"""What stands between an exception and the one that it led to."""
FRAME = re.compile(r'\s{1,40}File "(?P<path>[^"]{1,300})", line (?P<line>\d{1,7})')
PLACEHOLDER = ".github"
"""The path of annotations that are about no file."""


class ErrorLine(NamedTuple):
    """A line that says something: its place in the step, its rank, and its message."""

    place: int
    rank: int
    message: FailureMessage


def annotation_messages(annotations: Sequence[Mapping[str, Any]]) -> list[FailureMessage]:
    """Return what a check run's annotations of the level `failure` say, at most MOST.

    Those that only give an exit code count where there are no others. Raises Unmappable.
    """
    failed = [
        annotation_of(annotation)
        for annotation in annotations
        if fields.text(annotation, "annotation_level", AT) == "failure"
    ]
    telling = [one for one in failed if one.text and not one.vague]
    return distinct(telling or [one for one in failed if one.text])


def annotation_of(annotation: Mapping[str, Any]) -> FailureMessage:
    """Return one annotation's message. Raises Unmappable."""
    title = fields.text(annotation, "title", AT) or ""
    body = tidy(fields.text(annotation, "message", AT) or "")
    text = body if not title or title in body else f"{clean(title)}: {body}"
    path = fields.text(annotation, "path", AT)
    line = fields.number(annotation, "start_line", AT, fields.BIGGEST_INT)
    if path in (PLACEHOLDER, ""):
        path = line = None
    detail = tidy(fields.text(annotation, "raw_details", AT) or "") or None
    rule = rule_of(text.partition("\n")[0])
    return FailureMessage(text, detail, path, line, rule is not None and rule.rank >= VAGUE)


def tidy(text: str) -> str:
    """Return a text of several lines without colours and control characters, and not too long."""
    lines = (clean(line) for line in text[: 2 * LONGEST].split("\n"))
    return "\n".join(lines).strip()[:LONGEST]


class LogFailureReader(FailedStepReader):
    """Read a job's log for what it says of the failure."""

    def messages(self) -> list[FailureMessage]:
        """Return what the log said, when it is at its end, at most MOST messages, in order."""
        output = Output(self.failed().step, DIALECT)
        lines = [
            ERROR * output.is_marked(place) + output.text(place) for place in range(len(output))
        ][-MOST_LINES:]
        errors = list(error_lines(lines))
        best = min((error.rank for error in errors), default=VAGUE)
        chosen = [error.message for error in errors if error.rank == best]
        return distinct(chosen[:1] if best >= VAGUE else chosen)


def log_messages(log: str, span: tuple[str, str] | None = None) -> list[FailureMessage]:
    """Return what a job's whole log says of its failure, at most MOST messages, in order.

    `span`: first and last second (ISO, UTC) of the step that failed, where they are known.
    """
    reader = LogFailureReader(span)
    pass_on([log.encode(errors="replace")], [reader])
    return reader.messages()


def distinct(messages: Iterable[FailureMessage]) -> list[FailureMessage]:
    """Return the messages without those that were said before, at most MOST."""
    by_text: dict[str, FailureMessage] = {}
    for message in messages:
        by_text.setdefault(message.text, message)
        if len(by_text) == MOST:
            break
    return list(by_text.values())


def error_lines(lines: Sequence[str]) -> Iterator[ErrorLine]:
    """Yield the lines that say something."""
    texts = [line.removeprefix(ERROR) for line in lines]
    for place, text in enumerate(texts):
        if text.endswith(TRACEBACK):
            error = traceback(texts, place)
            if error is not None:
                yield error
            continue
        rule = rule_of(text)
        if rule is None:
            if lines[place].startswith(ERROR) and text:
                yield ErrorLine(place, SAID, with_context(texts, place, FailureMessage(text)))
            continue
        message = with_following(texts, place, rule)
        if message is not None:
            rank = min(rule.rank, SAID) if is_said(lines[place], rule) else rule.rank
            yield ErrorLine(place, rank, with_context(texts, place, message))


def is_said(line: str, rule: Rule) -> bool:
    """Tell whether the runner marked an error that says more than that there was one."""
    return line.startswith(ERROR) and rule.rank < VAGUE


def with_context(texts: Sequence[str], place: int, message: FailureMessage) -> FailureMessage:
    """Return a message with the lines before it."""
    before = [text for text in texts[max(0, place - 2 * BEFORE) : place] if text.strip()]
    context = "\n".join(before[-BEFORE:]) or None
    return message._replace(context=context)


def with_following(texts: Sequence[str], place: int, rule: Rule) -> FailureMessage | None:
    """Return a line as a message, with the lines that belong to it; None where it is repeated.

    A Go test that has subtests says nothing itself: the subtests follow, further in.
    """
    match = rule.pattern.search(texts[place])
    where = {} if match is None else match.groupdict()
    kept = [texts[place].strip()]
    following = (text for text in texts[place + 1 : place + 8] if text.strip())
    for text in following:
        after = rule.after.match(text) if len(kept) <= rule.more else None
        if after is None:
            break
        if text.strip().startswith("---"):
            if indent(text) > indent(texts[place]):
                return None
            break
        kept.append(text.strip())
        where |= {name: value for name, value in after.groupdict().items() if value}
    if (rule.bound and len(kept) == 1) or is_cause(texts, place):
        return None
    path = named_above(texts, place) if rule.above else where.get("path")
    line = where.get("line")
    vague = rule.rank >= VAGUE
    return FailureMessage("\n".join(kept)[:LONGEST], None, path, int(line) if line else None, vague)


def indent(text: str) -> int:
    """Return how many spaces a line begins with."""
    return len(text) - len(text.lstrip())


def named_above(texts: Sequence[str], place: int) -> str | None:
    """Return the file that a linter named on a line of its own, before what is wrong in it."""
    for text in reversed(texts[max(0, place - 200) : place]):
        if text and not text[0].isspace():
            return text.strip() if "." in text and " " not in text.strip() else None
    return None


def traceback(texts: Sequence[str], place: int) -> ErrorLine | None:
    """Return the exception that ends a Python traceback, and where it was raised."""
    prefix = texts[place].removesuffix(TRACEBACK)
    path, line = None, None
    for number, text in enumerate(texts[place + 1 : place + 400], start=place + 1):
        text = text.removeprefix(prefix)
        if frame := FRAME.match(text):
            path, line = frame["path"], int(frame["line"])
        elif text and not text[0].isspace():
            if is_cause(texts, number):
                return None
            test = test_above(texts, place)
            message = FailureMessage(f"{test}\n{text}" if test else text, None, path, line)
            return ErrorLine(
                number, PLACED if test else RAISED, with_context(texts, number, message)
            )
    return None


def is_cause(texts: Sequence[str], place: int) -> bool:
    """Tell whether an exception only led to another one, which follows."""
    return any(text.startswith(CAUSES) for text in texts[place + 1 : place + 3])


def test_above(texts: Sequence[str], place: int) -> str | None:
    """Return the heading that unittest puts above a traceback: which test it is."""
    if place < 2 or not texts[place - 1].startswith("-----"):
        return None
    return texts[place - 2] if texts[place - 2].startswith(("FAIL: ", "ERROR: ")) else None
