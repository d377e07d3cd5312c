"""Spans of creation time that tile a repository's history, and how far back commits are wanted.

Nothing is asked or stored.

A filtered list of runs ends after 1,000 results, and one that is not filtered near 40,000. So
runs are listed by `created`, in windows that are halved until each holds fewer than the cap.
Windows lie in the past: a new run never moves the pages of one that is being read.
https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backfill.http.list_body import read_items
from backfill.records import BEGINNING, EVERYTHING
from rows import fields, version
from store.deliveries.table import now as clock
from store.state.backfill_progress import CLOSED, LISTED, OPEN, Walk, Window

CAP = 1000
PER_PAGE = 100
SECOND = timedelta(seconds=1)
CHANGES_FOR = timedelta(days=35)
"""A run can be run again for 30 days: windows older than this do not change any more."""

SPANS = "runs "
"""How the names of windows begin."""
OF_WINDOWS = "actions/runs?created="


def read_newest_time(body: Any) -> datetime | None:
    """Return when the first run of a list that can be read was created, a day from now at most.

    A window may not reach further: the runs of years to come would count as listed.
    """
    runs = (run for run in read_items(body, "workflow_runs") if isinstance(run, dict))
    time = next(filter(None, (fields.moment(run, "created_at", "run") for run in runs)), None)
    return version.believed(time, clock(), (clock() + version.AHEAD).replace(microsecond=0))


def first_page_path(window: Window) -> str:
    """Return the query for a window's runs; both ends are included."""
    first = "*" if window.first == BEGINNING else format_time(window.first)
    created = f"{first}..{format_time(window.last)}"
    return f"{OF_WINDOWS}{created}&per_page={PER_PAGE}"


def format_time(time: datetime) -> str:
    """Return a time as GitHub's search syntax wants it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def halve_window(window: Window, floor: datetime) -> list[Window]:
    """Return the newer and the older half; nothing for a single second.

    `floor` is where the repository begins: an open end is halved as if it began there.
    """
    if window.first >= window.last:
        return []
    first = floor if window.first < floor < window.last else window.first
    middle = (first + (window.last - first) // 2).replace(microsecond=0)
    return [Window(middle + SECOND, window.last), Window(window.first, middle)]


def cut_window(window: Window, time: datetime) -> list[Window]:
    """Return an open window in two, the newer from `time` on; itself where `time` is not inside."""
    whole = time.replace(microsecond=0)
    if window.state != OPEN or not window.first < whole <= window.last:
        return [window]
    return [Window(whole, window.last), Window(window.first, whole - SECOND)]


def cover_until(
    stored: Sequence[Window], newest: datetime, *, is_unread: bool = False
) -> list[Window]:
    """Return the windows, newest first, with one on top for runs that are newer than all.

    One on top that could not be read reaches further: each look would leave another one.
    """
    if not stored:
        return [Window(BEGINNING, newest)]
    if newest <= stored[0].last:
        return list(stored)
    if is_unread and is_untouched(stored[0]):
        return [Window(stored[0].first, newest), *stored[1:]]
    return [Window(stored[0].last + SECOND, newest), *stored]


def is_untouched(window: Window) -> bool:
    """Tell whether nothing of a window is listed yet."""
    return window == Window(window.first, window.last)


def reach_back(stored: Sequence[Window], since: datetime) -> datetime:
    """Return `since`, or where what was read before ends, or has a gap: a long outage is one."""
    read = [window for window in stored if window.state != OPEN]
    if not read:
        return since
    gaps = (one.first for one in stored if one.state == OPEN and one.first > read[-1].last)
    return min(since, stored[0].last + SECOND, *gaps)


def join_windows(newer: Window, older: Window) -> Window | None:
    """Return two small windows as one, so that a page's worth of runs is one request."""
    if newer.state != CLOSED or older.state != CLOSED or newer.first - older.last != SECOND:
        return None
    if newer.total != newer.listed or older.total != older.listed:
        return None  # a count that is not believed is known by the window it is of
    total = (newer.total or 0) + (older.total or 0)
    if total > PER_PAGE:
        return None
    return Window(older.first, newer.last, CLOSED, total, total)


def may_change(window: Window, newest: datetime) -> bool:
    """Tell whether a run of a window may still be run again."""
    return window.last >= newest - CHANGES_FOR


def advance_window(window: Window, total: int, runs: int, nextpage: str | None) -> Window:
    """Return a window after a page of it is stored."""
    state = LISTED if nextpage is None else OPEN
    return Window(window.first, window.last, state, total, window.listed + runs, nextpage)


class CommitDepth:
    """How far back commits are wanted: so many, or those since a time."""

    def __init__(self, commits: int | None, oldest: datetime | None) -> None:
        self.most = commits if commits is not None and commits != EVERYTHING else None
        self.since = BEGINNING if commits == EVERYTHING else oldest

    def is_reached(self, walk: Walk) -> bool:
        """Tell whether a closed walk goes back far enough."""
        if walk.since == BEGINNING:
            return True
        if self.most is not None:
            return walk.total >= self.most
        return self.since is None or (walk.since is not None and walk.since <= self.since)


def history_path(head: str, depth: CommitDepth) -> str:
    """Return the path of a head's history."""
    since = depth.since if depth.most is None else None
    bound = f"&since={format_time(since)}" if since not in (None, BEGINNING) and since else ""
    return f"commits?per_page=100&sha={head}{bound}"


def describe_span(window: Window) -> str:
    """Return how a window is called that cannot be read."""
    return f"{SPANS}{window.first} to {window.last} UTC"


def count_of(window: Window) -> str:
    """Return what the count of a window's runs is called where nothing bears it out."""
    return f"count of {describe_span(window)}"
