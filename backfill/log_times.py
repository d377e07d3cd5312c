"""When the log of a job that ended is there, and when one that is not there is gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rows.version import AHEAD
from store.state.failures import FailedJobFilter

SETTLED, FRESH = timedelta(minutes=2), timedelta(hours=1)
"""A log is not there yet when its job ends: it is asked for after the first time, and only taken
for gone after the second."""


def failed_jobs_since(repoids: Sequence[int], since: datetime, now: datetime) -> FailedJobFilter:
    """Return which failed jobs' logs may be asked for: jobs created since then, and ended."""
    return FailedJobFilter(list(repoids), since, now - SETTLED, now + AHEAD)


def is_on_its_way(ended: datetime | None, now: datetime) -> bool:
    """Tell whether a log that is not found may still come; not so where a wrong clock ended it."""
    return now - FRESH < (ended or now) < now + AHEAD
