"""Logs in the form of those that people report, told as somebody on call would tell them.

The cause of each was chosen before the rules had seen it; names, paths and hashes are made up.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rows.failure_message import FailureMessage
from rows.github.failure import LogFailureReader
from rows.gitlab.job_trace import TraceFailureReader
from rows.logs.stream import pass_on

FILE = Path(__file__).parents[1] / "reported_logs.txt"
HEAD = re.compile(r"^=== (\w+) (github|gitlab): (.+)\n", re.MULTILINE)
CONTROLS = str.maketrans({"␛": "\x1b", "␍": "\r"})
LATER = {"semantic_release", "k6", "submodule", "conan_missing", "commitlint"}
"""Those of which another line is told first that is true as well."""


class Reported(NamedTuple):
    """A log, and words of the line that says why its job failed."""

    name: str
    vendor: str
    cause: str
    log: str

    def messages(self) -> list[FailureMessage]:
        reader = LogFailureReader() if self.vendor == "github" else TraceFailureReader()
        pass_on([self.log.encode()], [reader])
        return reader.messages()


def reported() -> Iterator[Reported]:
    parts = iter(HEAD.split(FILE.read_text("utf-8"))[1:])
    for name, vendor, cause, log in zip(parts, parts, parts, parts, strict=True):
        yield Reported(name, vendor, cause, log.translate(CONTROLS))


@pytest.mark.parametrize("one", list(reported()), ids=lambda one: one.name)
def test_reported_log_is_told_by_its_cause(one: Reported):
    told = [alone(message.text) for message in one.messages()]
    looked_at = told if one.name in LATER else told[:1]
    assert [text for text in looked_at if alone(one.cause) in text]


def alone(text: str) -> str:
    """Return a text with single spaces."""
    return " ".join(text.split())
