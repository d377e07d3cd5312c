"""Windows tile the history of a repository, whatever is done to them."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backfill.github.windows import (
    cover_until,
    cut_window,
    first_page_path,
    halve_window,
    join_windows,
    may_change,
)
from backfill.records import BEGINNING
from store.state.backfill_progress import CLOSED, Window

FLOOR = datetime(2026, 1, 1)
LAST = datetime(2026, 3, 2, 12)
SECOND = timedelta(seconds=1)
seconds = st.integers(0, 5_000_000).map(lambda number: FLOOR + timedelta(seconds=number))


def check_tiling(windows: list[Window], whole: Window) -> None:
    assert (windows[0].last, windows[-1].first) == (whole.last, whole.first)
    for newer, older in pairwise(windows):
        assert newer.first - older.last == SECOND
        assert older.first <= older.last


def test_window_is_asked_for_with_both_ends_and_the_first_without_a_beginning():
    page = first_page_path(Window(datetime(2026, 3, 1), LAST))
    assert page == ("actions/runs?created=2026-03-01T00:00:00Z..2026-03-02T12:00:00Z&per_page=100")
    assert "created=*..2026-03-02T12:00:00Z&" in first_page_path(Window(BEGINNING, LAST))


def test_open_window_is_halved_between_the_repositorys_beginning_and_its_end():
    assert halve_window(Window(BEGINNING, datetime(2026, 1, 3)), FLOOR) == [
        Window(datetime(2026, 1, 2, 0, 0, 1), datetime(2026, 1, 3)),
        Window(BEGINNING, datetime(2026, 1, 2)),
    ]


def test_one_second_has_no_halves_and_two_have():
    assert halve_window(Window(LAST, LAST), FLOOR) == []
    assert halve_window(Window(LAST, LAST + SECOND), FLOOR) == [
        Window(LAST + SECOND, LAST + SECOND),
        Window(LAST, LAST),
    ]


@given(st.tuples(seconds, seconds).map(sorted), seconds, st.lists(st.integers(0, 50), max_size=60))
def test_halving_any_window_again_and_again_leaves_no_gap(ends, floor, places):
    whole = Window(ends[0], ends[1])
    windows = [whole]
    for place in places:
        at = place % len(windows)
        windows[at : at + 1] = halve_window(windows[at], floor) or [windows[at]]
    check_tiling(windows, whole)


@given(seconds, seconds)
def test_halving_the_newest_part_reaches_a_single_second_in_28_steps(floor, last):
    window = Window(BEGINNING, last)
    for _ in range(32):
        window = (halve_window(window, floor) or [window])[0]
    assert window == Window(last, last)


@given(st.tuples(seconds, seconds).map(sorted), seconds)
def test_cut_leaves_no_gap_and_begins_at_the_time(ends, time):
    whole = Window(ends[0], ends[1])
    parts = cut_window(whole, time)
    check_tiling(parts, whole)
    assert len(parts) == 1 or parts[0].first == time


def test_closed_window_is_not_cut():
    closed = Window(FLOOR, LAST, CLOSED, 5, 5)
    assert cut_window(closed, datetime(2026, 2, 1)) == [closed]


def test_newer_runs_get_a_window_on_top():
    assert cover_until([], LAST) == [Window(BEGINNING, LAST)]
    below = Window(BEGINNING, FLOOR, CLOSED, 5, 5)
    assert cover_until([below], FLOOR) == [below]
    assert cover_until([below], LAST) == [Window(FLOOR + SECOND, LAST), below]
    # The newest run may have been deleted at GitHub since.
    assert cover_until([below], FLOOR - SECOND) == [below]


def test_window_on_top_that_is_refused_reaches_further_as_long_as_nothing_of_it_is_read():
    below, top = Window(BEGINNING, FLOOR, CLOSED, 5, 5), Window(FLOOR + SECOND, FLOOR + 9 * SECOND)
    assert cover_until([top, below], LAST) == [Window(FLOOR + 10 * SECOND, LAST), top, below]
    longer = [Window(FLOOR + SECOND, LAST), below]
    assert cover_until([top, below], LAST, is_unread=True) == longer
    begun = top._replace(total=200, listed=100)
    assert cover_until([begun, below], LAST, is_unread=True)[1:] == [begun, below]


def test_two_closed_windows_of_one_page_are_joined_and_no_others():
    older = Window(BEGINNING, FLOOR, CLOSED, 60, 60)
    newer = Window(FLOOR + SECOND, LAST, CLOSED, 40, 40)
    assert join_windows(newer, older) == Window(BEGINNING, LAST, CLOSED, 100, 100)
    assert join_windows(newer._replace(total=41), older) is None
    assert join_windows(newer._replace(state="listed"), older) is None
    assert join_windows(newer._replace(first=LAST), older) is None


def test_window_that_ended_35_days_before_the_newest_run_does_not_change_any_more():
    assert may_change(Window(FLOOR, LAST), LAST + timedelta(days=35))
    assert not may_change(Window(FLOOR, LAST), LAST + timedelta(days=35, seconds=1))
