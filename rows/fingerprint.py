"""A message -> its fingerprints: equal for the same failure, and for the same problem."""

import hashlib
from typing import NamedTuple

from rows.masking import masked
from rows.problem import problem_of

REVISION = 3
"""Raised with every change of what is masked: fingerprints of two revisions never match."""
DIGITS = 32


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
    return Fingerprints(mask, fingerprint(mask), fingerprint(problem_of(message, mask)))


def fingerprint(mask: str) -> str:
    """Return the hash of a masked message, after the revision of the masking."""
    digest = hashlib.sha256(mask.encode()).hexdigest()
    return f"{REVISION}:{digest[:DIGITS]}"
