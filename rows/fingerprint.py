"""A message -> the same message for every run: what differs by chance is masked, and hashed.

Identifiers keep their digits: TS2322 and test_case_3 say what failed.
"""

import hashlib
import re
from typing import NamedTuple

REVISION = 1
"""Raised with every change of what is masked: fingerprints of two revisions never match."""
DIGITS = 32
LONGEST = 2000

NOT_INSIDE = r"(?<![\w/\\.@+~-])"
ABSOLUTE = NOT_INSIDE + r"(?:[A-Za-z]:|~|\.{1,2})?(?:[/\\][\w.@+-]++)++[/\\]?"
# With a dot or a second slash: TestTotal/two_prices is the name of a test.
RELATIVE = NOT_INSIDE + r"(?=[\w@+-]*+(?:\.|/[\w@+-]*+[./]))[\w.@+-]++(?:/[\w.@+-]++)++/?"

MASKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), mask)
    for pattern, mask in (
        (r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"<>)\]]++", "<url>"),
        (
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?",
            "<time>",
        ),
        (r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b", "<time>"),
        (ABSOLUTE, "<path>"),
        (RELATIVE, "<path>"),
        (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<hash>"),
        (r"\b0[xX][0-9a-fA-F]++\b", "<hash>"),
        (r"\b(?=[0-9a-f]*+\b)(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,128}\b", "<hash>"),
        (r"(?<!\w)[+-]?\d++(?:[.,]\d++)*+(?:[eE][+-]?\d++)?", "<n>"),
    )
)


def masked(message: str) -> str:
    """Return a message with its numbers, hashes, paths and times masked, spaces single."""
    text = message[:LONGEST]
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return " ".join(text.split())


def fingerprint(mask: str) -> str:
    """Return the hash of a masked message, after the revision of the masking."""
    digest = hashlib.sha256(mask.encode()).hexdigest()
    return f"{REVISION}:{digest[:DIGITS]}"


class Fingerprints(NamedTuple):
    """What makes a message comparable: masked, its hash, and that of the problem it tells of.

    `problem` leaves out which test told it, so that one problem in many tests is one.
    """

    masked: str
    fingerprint: str
    problem: str


def fingerprints_of(message: str) -> Fingerprints:
    """Return a message's masked text and its two fingerprints."""
    mask = masked(message)
    first = fingerprint(mask)
    return Fingerprints(mask, first, first)
