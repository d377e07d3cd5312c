"""Tests that failed and passed when they were run again: they are no reason beside others."""

import re
from collections.abc import Iterator, Sequence

from rows.logs.blocks import Reason
from rows.logs.output import Output

FLAKY = re.compile(rb"^\s{0,4}(?:\d{1,6} flaky|\[WARNING\] Flakes:)\s{0,8}$", re.M)
"""What playwright and Maven put before a list of them."""
LISTED = re.compile(rb"(?:\s{2,8}|\[WARNING\] )(\S.{2,400})")
RULER = " \u2500"
MOST = 40
"""Lines of such a list that are looked at."""
AGAIN = re.compile(r"=== FAIL: (\S{1,300} \S{1,300}) \(re-run \d")
"""How gotestsum names a test that failed again."""


def without_healed(output: Output, reasons: Sequence[Reason]) -> Sequence[Reason]:
    """Return reasons without tests that passed in the end; all where none would be left."""
    if len(reasons) < 2:
        return reasons
    names = [*listed_as_flaky(output)]
    headings = [reason.message.text.partition("\n")[0] for reason in reasons]
    again = {match[1] for heading in headings if (match := AGAIN.match(heading))}
    left = [
        reason
        for reason, heading in zip(reasons, headings, strict=True)
        if not any(name in heading for name in names)
        and not has_passed(output, heading)
        and not (again and heading.startswith("=== FAIL: ") and not any(map(heading.count, again)))
    ]
    return left or reasons


def listed_as_flaky(output: Output) -> Iterator[str]:
    """Yield the names that a runner lists as those of tests which passed when run again."""
    for match in FLAKY.finditer(output.joined):
        lines = output.joined[match.end() + 1 :].split(b"\n", MOST)[:MOST]
        for line in lines:
            listed = LISTED.fullmatch(line)
            if listed is None:
                break
            yield listed[1].decode(errors="replace").strip(RULER)


def has_passed(output: Output, heading: str) -> bool:
    """Tell whether a test that Gradle names as failed is named as passed, too."""
    name = heading.removesuffix(" FAILED")
    return name != heading and f"\n{name} PASSED\n".encode() in output.joined
