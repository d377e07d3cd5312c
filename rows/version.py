"""Order the records of one row, whatever order they arrive in.

A version is a fixed-width byte string compared as bytes: the greater one is the newer state.
Its parts, high to low, are listed per function. The digest covers the state columns, so two
records tie only when they say the same, and the order of arrival never decides.

`updated_at` alone cannot order events: it has one-second ties, and jobs have none at all. And a
server's clock may be wrong: what is more than a day ahead of its reception (`believed`) decides
nothing.
"""

import struct
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

from rows.words import COMPLETED, IN_PROGRESS

STUB = b""

# Raise a table's number with every change of its mapping: a replay then takes effect.
REVISION = {
    "repos": 2,
    "branches": 2,
    "commits": 2,
    "workflows": 2,
    "workflowruns": 6,
    "runattempts": 6,
    "jobs": 8,
}

REVISION_AT = {"workflowruns": 13, "runattempts": 13}
"""Where in a version its revision stands; elsewhere after the time and the rank."""
RANK_AT = 8

STATUS_RANK = {IN_PROGRESS: 1, COMPLETED: 2}  # requested, queued, pending, waiting: 0
ENDED = 3

# Within one second, what holds a job comes after what it holds: a run is requested, a job queued;
# then other runs of its concurrency group may hold it (pending), or an environment's reviewers
# (waiting). https://docs.github.com/actions/concepts/workflows-and-actions/concurrency
# https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
HOLD = {"queued": 1, "pending": 2, "waiting": 3}

EPOCH = datetime(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)
AHEAD = timedelta(days=1)
"""How far the clocks of a server and of ours may be apart."""
HEARD = 128
"""Ranks from here on: the time is when it was heard of, for nothing else tells when it was."""
FINAL = 1 << 60
"""More than the microseconds of any time: what has ended is newer than what goes on."""


def believed(
    time: datetime | None, received: datetime | None, otherwise: datetime | None = None
) -> datetime | None:
    """Return a time that may order records; `otherwise` for one of a clock that is far ahead.

    `received` is when the record came; None believes every time.
    """
    if time is None or received is None or time - received <= AHEAD:
        return time
    return otherwise


def micros(time: datetime | None) -> int:
    """Return a time as microseconds since 1970; 0 for none and for what lies before."""
    return 0 if time is None else max(0, (time - EPOCH) // MICROSECOND)


def digest(state: Iterable[object]) -> bytes:
    """Return 8 bytes that differ when the state columns do."""
    return blake2b(repr(tuple(state)).encode("utf-8", "replace"), digest_size=8).digest()


def timed(table: str, time: datetime | None, rank: int, state: Iterable[object]) -> bytes:
    """Version of a repository, branch, workflow or commit: time, rank, revision, digest."""
    return struct.pack(">QBH", micros(time), rank, REVISION[table]) + digest(state)


def is_of(stored: bytes, time: datetime) -> bool:
    """Tell whether a stored version that `timed` made is of this time."""
    return stored.startswith(struct.pack(">Q", micros(time)))


def is_heard(stored: bytes) -> bool:
    """Tell whether a stored version that `timed` made is as new as it was heard of."""
    return len(stored) > RANK_AT and stored[RANK_AT] >= HEARD


def is_current(table: str, stored: bytes) -> bool:
    """Tell whether a stored version was made by the mapping of this release."""
    at = REVISION_AT.get(table, 9)
    return stored[at : at + 2] == struct.pack(">H", REVISION[table])


def run_rank(status: str | None, conclusion: str | None) -> int:
    """Return 0 not started, 1 in progress, 2 completed but not at its end, 3 completed.

    A first-time contributor's run arrives as completed with `action_required` and runs later. One
    that is said to be completed without a conclusion does not say how it ended: who does is newer.
    """
    rank = STATUS_RANK.get(status or "", 0)
    return ENDED if rank == 2 and conclusion not in (None, "action_required") else rank


def run(
    table: str,
    attempt: int,
    updated: datetime | None,
    status: str | None,
    conclusion: str | None,
    state: Iterable[object],
) -> bytes:
    """Version of a run or an attempt: attempt, ended, updated_at, rank, revision, hold, digest.

    An attempt that ended does not go on (a re-run is another one): so it wins without a time, too.
    """
    rank = run_rank(status, conclusion)
    time = micros(updated) | (FINAL if rank == ENDED else 0)
    head = struct.pack(">IQBHB", attempt, time, rank, REVISION[table], HOLD.get(status or "", 0))
    return head + digest(state)


def job(
    status: str | None,
    times: Iterable[datetime | None],
    state: Iterable[object],
    decided: datetime | None = None,
    conclusion: str | None = None,
) -> bytes:
    """Version of a job: rank, latest of its times, revision, time of its approval, hold, digest.

    A job id never reopens (a re-run gives a new id), so completed always wins. `decided` is when
    its deployment was held or let go: nothing else tells `queued` from `queued` again. Completed
    without a conclusion is below all that have one, and among its like as late as its times.
    """
    rank, latest = STATUS_RANK.get(status or "", 0), max(map(micros, times))
    last = (micros(decided), HOLD.get(status or "", 0)) if rank == 0 else (0, 0)
    if status == COMPLETED and conclusion is None:
        latest, last = 0, (latest, 0)
    return struct.pack(">BQHQB", rank, latest, REVISION["jobs"], *last) + digest(state)


def outline(job_version: bytes) -> bytes:
    """Return the version of a job whose source knows less, given what `job` makes of it.

    Below that of every other record of the job, whatever its state: who knows when it was created
    and by what it was run is never outdone by who does not. Among themselves: by rank, then time.
    """
    rank, latest = struct.unpack_from(">BQ", job_version)
    return struct.pack(">BQHQB", 0, 0, 0, rank << 60 | latest, 0) + job_version[20:]
