"""Stored moves of a branch -> the commit it points at.

GitHub's times are whole seconds, so that two pushes of one second are ordered by what they say:
the one that begins where another ended came after it. GitLab's pushes have no time at all: they
are as new as they were heard of, and what they say tells which came late. The same moves always
give the same head.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

NO_COMMIT = ""
"""Where a branch points that does not exist."""
UNTOLD, READ = "?", "*"
"""In place of the commit a move began at: a deletion that does not say, a reading of the API."""
SECONDS = 2
"""How many of the newest seconds count: the one before tells where a circle began."""
LATE = timedelta(minutes=10)
"""How much later than another one a push may be heard of that came before it."""
MOST_HEARD = 8
"""How many of those count, the newest ones."""

Steps = Collection[tuple[str, str]]


class Move(NamedTuple):
    """A branch that went from one commit to another, at a time of the repository's pushes."""

    time: datetime
    beforehash: str
    afterhash: str


def newest_times(moves: Iterable[Move]) -> list[datetime]:
    """Return the times whose moves count, in order."""
    return sorted({move.time for move in moves})[-SECONDS:]


class End(NamedTuple):
    """Where moves end, NO_COMMIT where the branch is gone, and when the last of them was."""

    head: str
    time: datetime


def counting_times(moves: Collection[Move], *, is_heard: bool) -> list[datetime]:
    """Return the times whose moves count; `is_heard` where these are when they were heard of."""
    return (heard_times if is_heard else newest_times)(moves)


def end_after(moves: Collection[Move], *, is_heard: bool) -> End:
    """Return where moves end; `is_heard` where their times are when they were heard of."""
    return end_of_heard(moves) if is_heard else End(head_after(moves), newest_times(moves)[-1])


def heard_times(moves: Iterable[Move]) -> list[datetime]:
    """Return the times whose moves count where each is as new as it was heard of, in order."""
    times = sorted({move.time for move in moves})[-MOST_HEARD:]
    return [time for time in times if times[-1] - time <= LATE]


def end_of_heard(moves: Collection[Move]) -> End:
    """Return where moves end of which is only known when each was heard of.

    The last one counts, with what leads away from there: that was heard of too early. What led to
    where the last one began was before it, as often as the branch went to and fro.
    """
    times = heard_times(moves)
    *others, last = sorted(move for move in moves if move.time in times)
    begin, end = last.beforehash, End(last.afterhash, last.time)
    while earlier := [move for move in others if move.afterhash == begin]:
        others.remove(earlier[-1])
        begin = earlier[-1].beforehash
    while later := [move for move in others if move.beforehash == end.head]:
        others.remove(later[0])
        end = End(later[0].afterhash, later[0].time)
    return end


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
