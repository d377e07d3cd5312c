"""Stored moves of a branch -> the commit it points at.

GitHub's times are whole seconds, so that two pushes of one second are ordered by what they say:
the one that begins where another ended came after it. The same moves always give the same head.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

NO_COMMIT = ""
"""Where a branch points that does not exist."""
UNTOLD, READ = "?", "*"
"""In place of the commit a move began at: a deletion that does not say, a reading of the API."""
SECONDS = 2
"""How many of the newest seconds count: the one before tells where a circle began."""

Steps = Collection[tuple[str, str]]


class Move(NamedTuple):
    """A branch that went from one commit to another, at a time of the repository's pushes."""

    time: datetime
    beforehash: str
    afterhash: str


def newest_times(moves: Iterable[Move]) -> list[datetime]:
    """Return the times whose moves count, in order."""
    return sorted({move.time for move in moves})[-SECONDS:]


def head_after(moves: Collection[Move]) -> str:
    """Return the commit that moves end at, NO_COMMIT where the branch is gone.

    What was before the oldest time that counts is not known: the branch is taken to be new then.
    """
    head = NO_COMMIT
    for time in newest_times(moves):
        head = end_of([move for move in moves if move.time == time], head)
    return head


def end_of(moves: Collection[Move], start: str) -> str:
    """Return where the moves of one time end that began at `start`.

    A reading counts unless a move leads away from it: the API was read between two pushes then. In
    a circle it decides. Where moves are missing and several ends are left, a deletion wins, else
    the least hash.
    """
    steps = {
        (move.beforehash, move.afterhash) for move in moves if move.beforehash not in (UNTOLD, READ)
    }
    if any(move.beforehash == UNTOLD for move in moves) and not is_deleted(steps):
        # A branch that is made in this second, and was there before, was deleted first.
        is_first = start != NO_COMMIT and any(before == NO_COMMIT for before, _ in steps)
        steps.add((start if is_first else min(ends(steps, start)), NO_COMMIT))
    read = {move.afterhash for move in moves if move.beforehash == READ}
    final = {head for head in read if head in reached(steps, next_of(steps, {head}) or {head})}
    return min(final & ends(steps, start) or final or ends(steps, start))


def ends(steps: Steps, start: str) -> set[str]:
    """Return where a way of these steps may end that begins at `start`.

    A way ends where it arrives more often than it leaves; where there is no such commit, it ends
    where it began.
    """
    arrivals = Counter(after for _, after in steps)
    arrivals.subtract(before for before, _ in steps)
    last = {commit for commit, surplus in arrivals.items() if surplus > 0}
    if not last:
        return {start} if start in arrivals or not arrivals else set(arrivals)
    # What was reached from the start came before what was not: a move between them is missing.
    return last - reached(steps, {start}) or last


def is_deleted(steps: Steps) -> bool:
    """Tell whether a step says what was deleted."""
    return any(after == NO_COMMIT for _, after in steps)


def next_of(steps: Steps, commits: Collection[str]) -> set[str]:
    """Return where steps from these commits lead."""
    return {after for before, after in steps if before in commits}


def reached(steps: Steps, commits: Collection[str]) -> set[str]:
    """Return these commits and all that steps lead to from them."""
    known = set(commits)
    while more := next_of(steps, known) - known:
        known |= more
    return known
