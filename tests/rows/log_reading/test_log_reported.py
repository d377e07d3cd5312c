"""Logs in the form of those that people report, told as somebody on call would tell them.

The cause of each was chosen before the rules had seen it; names, paths and hashes are made up.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rows.failure_message import FailureMessage
from rows.fingerprint import Fingerprints, fingerprints_of
from rows.github.failure import LogFailureReader
from rows.gitlab.job_trace import TraceFailureReader
from rows.logs.stream import pass_on

FILE = Path(__file__).parents[1] / "reported_logs.txt"
HEAD = re.compile(r"^=== (\w+) (github|gitlab): (.+)\n", re.MULTILINE)
CONTROLS = str.maketrans({"␛": "\x1b", "␍": "\r"})
LATER = {"semantic_release", "k6", "submodule", "conan_missing", "commitlint"}
"""Those of which another line is told first that is true as well."""

ELSEWHERE = (
    (r"/(?:home/runner|Users/runner)/work/shop/shop", "/builds/ci/x7/cart"),
    (r"/opt/hostedtoolcache", "/usr/local/tools"),
    (r"\b20\d\d-\d\d-\d\d", "2027-11-19"),
    (r"\b\d\d:\d\d:\d\d\b", "23:59:01"),
    (r"(?<=[a-z]):\d{1,3}:\d{1,3}\b", ":77:8"),
    (r"\b\d{1,3}(?=\.\d{1,3}s\b)", "77"),
    (r"\b1f2e3d?4?c?5?b?6?a?7?9?8?8?\b", "0b9a8c7"),
    (r"\b[0-9a-f]{40}\b", "0b9a8c7d" * 5),
    (r"/nix/store/\w{32}-", f"/nix/store/{'z9' * 16}-"),
)
"""What another runner prints of the same failure."""


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


def first_of(one: Reported) -> Fingerprints:
    return fingerprints_of(one.messages()[0].text)


def test_no_two_reported_logs_are_one_error():
    told = [first_of(one) for one in reported()]
    assert len({one.fingerprint for one in told}) == len(told)
    assert len({one.problem for one in told}) == len(told)


def test_reported_log_of_another_runner_and_day_is_the_same_error():
    for one in reported():
        log = one.log
        for pattern, instead in ELSEWHERE:
            log = re.sub(pattern, instead, log)
        assert first_of(one._replace(log=log)) == first_of(one)
