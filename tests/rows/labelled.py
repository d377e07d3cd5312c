"""Messages with the issue that each tells of, and how well a grouping of them fits."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("labelled_messages.txt")


class Labelled(NamedTuple):
    """A message, and the issue that a person says it tells of."""

    issue: str
    message: str


class Fit(NamedTuple):
    """How well groups fit issues, each from 0 to 1.

    `purity`: messages that are of the issue that most of their group are of. `precision`: pairs
    in one group that are of one issue. `recall`: pairs of one issue that are in one group.
    """

    purity: float
    precision: float
    recall: float


def read_labelled() -> list[Labelled]:
    """Return the messages of the file."""
    messages = list[Labelled]()
    for block in FILE.read_text().split("\n== ")[1:]:
        issue, _, text = block.partition("\n")
        messages += (Labelled(issue, part.strip("\n")) for part in text.split("\n--\n"))
    return messages


def measure_fit(issues: Sequence[str], groups: Sequence[str]) -> Fit:
    """Return how well groups fit issues; both by message, in one order."""
    by_group: dict[str, Counter[str]] = {}
    for issue, group in zip(issues, groups, strict=True):
        by_group.setdefault(group, Counter())[issue] += 1
    pure = sum(max(counted.values()) for counted in by_group.values())
    pairs = list(combinations(zip(issues, groups, strict=True), 2))
    alike = sum(a[1] == b[1] for a, b in pairs)
    same = sum(a[0] == b[0] for a, b in pairs)
    both = sum(a == b for a, b in pairs)
    return Fit(pure / len(issues), both / alike, both / same)
