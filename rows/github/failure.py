"""Annotations and logs of a failed job -> what they say, as messages that can be compared.

https://docs.github.com/rest/checks/runs#list-check-run-annotations
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rows import fields
from rows.failure_message import FailureMessage
from rows.github.job_log import DIALECT, FailedStepReader
from rows.log_rules import rule_of
from rows.log_rules.rule import NOTHING, VAGUE
from rows.logs.blocks import LONGEST
from rows.logs.failure_reader import StepFailure
from rows.logs.output import clean
from rows.logs.ranking import MOST
from rows.logs.stream import pass_on

AT = "annotation"
PLACEHOLDER = ".github"
"""The path of annotations that are about no file."""


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
    return FailureMessage(
        text, detail, path, line, rule is not None and VAGUE <= rule.rank < NOTHING
    )


def tidy(text: str) -> str:
    """Return a text of several lines without colours and control characters, and not too long."""
    lines = (clean(line) for line in text[: 2 * LONGEST].split("\n"))
    return "\n".join(lines).strip()[:LONGEST]


class LogFailureReader(FailedStepReader, StepFailure):
    """Read a job's log for what it says of the failure."""

    dialect = DIALECT


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
