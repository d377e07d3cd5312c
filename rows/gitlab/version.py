"""Order the records of pipelines and jobs, of which no hook says when they changed.

A pipeline that ended goes on when one of its jobs is tried again, and keeps the time of its end
until it ends anew; a job that was skipped or waits for somebody may be created again. A version is
as long as GitHub's, with the mapping's revision in the same place.
"""

import struct
from collections.abc import Iterable
from datetime import datetime

from rows.gitlab.words import ENDED, JOB_RANK, PIPELINE_RANK, RUNNING
from rows.version import EPOCH, REVISION, digest

HOOK, API = 0, 1
"""Of one state the API knows more (when it was updated), so its record is the newer one."""
MOST = (1 << 40) - 1
GATE, MOST_GATES = 16, 15
"""How much a gate adds to the rank of a pipeline, and how many count."""


def packed(time: datetime | None) -> bytes:
    """Return a time's seconds since 1970 as five bytes, zeros for none."""
    seconds = 0 if time is None else int((time - EPOCH).total_seconds())
    return min(max(seconds, 0), MOST).to_bytes(5)


def is_open(status: str | None) -> bool:
    """Tell whether a pipeline, or a job, has not ended."""
    return status not in ENDED


def tail(table: str, door: int, state: Iterable[object]) -> bytes:
    """Return the end of a version: revision, door, digest of the state columns."""
    return struct.pack(">HB", REVISION[table], door) + digest(state)


def pipeline(
    table: str,
    status: str | None,
    end: datetime | None,
    latest: datetime | None,
    state: Iterable[object],
    door: int,
    gates: int = 0,
) -> bytes:
    """Version of a pipeline: end, open after it, latest time of its jobs, rank, revision, digest.

    Only an end sets the time of the end: of two records with the same one, the open one is later.
    So is, of open ones, that with more `gates` that were passed, which no time tells.
    """
    reopened = end is not None and is_open(status)
    head = bytes([1]) + packed(end) + bytes([reopened]) + packed(latest)
    rank = PIPELINE_RANK.get(status or "", 0) + is_open(status) * GATE * min(gates, MOST_GATES)
    return head + bytes([rank]) + tail(table, door, state)


def job(
    status: str | None,
    latest: datetime | None,
    pipeline_status: str | None,
    pipeline_end: datetime | None,
    state: Iterable[object],
    door: int,
) -> bytes:
    """Version of a job: phase, then its latest time, or of one not started its pipeline's end."""
    if status in ENDED:
        phase, time, later, rank = 2, latest, False, 0
    elif status in RUNNING:
        phase, time, later, rank = 1, latest, False, RUNNING.index(status)
    else:
        later = pipeline_end is not None and is_open(pipeline_status)
        phase, time, rank = 0, pipeline_end, JOB_RANK.get(status or "", 0)
    head = bytes([phase]) + packed(time) + bytes([later, rank, 0])
    return head + tail("jobs", door, state)
