"""List runs newest first, window by window, and say which of them have to be read.

A page is stored in one transaction with the notes of its runs (due) and of its window (how far
it is listed). So whatever is listed is either stored to its end or known to be due, and a process
killed at any moment asks again only for what was under way.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from backfill.github import run_details
from backfill.github.windows import (
    CAP,
    PER_PAGE,
    SPANS,
    advance_window,
    count_of,
    cut_window,
    describe_span,
    first_page_path,
    halve_window,
    is_untouched,
    may_change,
)
from backfill.github_graphql.seeding import Seeding
from backfill.http.list_body import ids_of, read_items, read_total
from backfill.http.list_course import Course
from backfill.http.pagination import FetchedPage, Known, fetch_page, know_nothing, know_stored
from backfill.http.smaller_pages import items_before
from backfill.pipeline.context import Context
from backfill.pipeline.run_notes import RunDetails
from backfill.records import BEGINNING, Repository
from store.state import backfill_progress
from store.state.backfill_progress import CLOSED, LISTED, OPEN, Window

RESTARTS = 3
MOST_IN_ROW, MOST_HALVED, MOST_UNREAD = 3, 8, 16
"""Windows that cannot be listed and are halved, in a row, in all, and as long as few are left."""
RUNS, ALL_RUNS = "workflow_runs", "runs without a filter"
UNFILTERED = f"actions/runs?per_page={PER_PAGE}"

Task = Callable[[], RunDetails | Callable[[], None]]  # or what stores it


class RunList:
    """The windows of one repository that are left to list, and how many runs are wanted."""

    seeding: Seeding | None = None
    """Asks for the jobs of a page's runs at once; else they are asked for run by run."""

    def __init__(
        self, context: Context, repository: Repository, wanted: int | None, since: datetime | None
    ) -> None:
        self.context, self.repository = context, repository
        self.left, self.since = wanted, since
        self.course = Course()
        self.floor = repository.createtime
        self.waiting: deque[Window] = deque()
        self.restarts: Counter[Window] = Counter()
        self.passed_over = self.halved = 0
        self.asked: set[tuple[int, int, datetime | None]] = set()
        self.unread: set[tuple[datetime, datetime]] = set()
        self.ended: dict[Window, set[int]] = {}

    def list_tasks(self, windows: Sequence[Window], newest: datetime) -> Iterator[Task]:
        """Yield a task for each run that has to be read, newest first."""
        self.waiting = deque(self.choose_windows(windows))
        while self.waiting and self.left != 0:
            window = self.waiting.popleft()
            if window.state == OPEN:
                yield from self.list_window(window)
            elif not may_change(window, newest) or (yield from self.check_unchanged(window)):
                self.count_off(window.listed)
            repoid = self.repository.repoid
            self.context.writer.put(note=partial(backfill_progress.close_windows, repoid=repoid))

    def choose_windows(self, windows: Sequence[Window]) -> Iterator[Window]:
        """Yield the windows that are wanted, cut where the wanted time begins."""
        for at, window in enumerate(windows):
            since = None if self.is_refused(window) else self.since
            parts = [window] if since is None else cut_window(window, since)
            if len(parts) > 1:  # the time moves on: what lies before it stays one window
                below = [one for one in windows[at + 1 : at + 2] if is_untouched(one)]
                older = Window(below[0].first if below else parts[1].first, parts[1].last)
                self.replace_windows([window, *below], [parts[0], older])
            yield from (one for one in parts if self.since is None or one.last >= self.since)

    def count_off(self, runs: int) -> None:
        """Take runs off those that are wanted."""
        if self.left is not None:
            self.left = max(0, self.left - runs)

    def replace_windows(self, old: Sequence[Window], new: Sequence[Window]) -> None:
        """Store windows in the place of others."""
        self.context.writer.put(
            note=lambda c: backfill_progress.replace_windows(c, self.repository.repoid, old, new)
        )

    def list_window(self, window: Window) -> Iterator[Task]:
        """List an open window from where it stopped, or halve it when it holds too many."""
        self.count_off(window.listed)
        path: str | None = window.nextpage or self.repository.path + first_page_path(window)
        ids = set[int]()
        while path is not None and self.left != 0:
            fetched = self.read_page(describe_span(window), path)
            if fetched is None:
                self.pass_over(window)
                return
            total, runs = read_total(fetched.body), read_items(fetched.body, RUNS)
            is_full = total >= CAP and len(runs) == PER_PAGE
            if window.total is None and is_full and self.halve_window(window):
                return
            if window.total not in (None, total) and self.restart_window(window):
                return
            ids |= set(ids_of(runs))
            after = advance_window(window, total, len(runs), fetched.nextpage)
            is_end = fetched.nextpage is None
            if is_end and after.listed != total and self.restart_window(window):
                return
            wanted = runs[: self.left]
            self.count_off(len(wanted))
            if len(wanted) < len(runs):
                # The page is not stored whole: it is asked for again when more runs are wanted.
                yield from self.store_page(window._replace(total=total), None, wanted)
                return
            if is_end:
                self.ended[after] = ids
            if is_end and after.listed != total:
                after = Window(window.first, window.last)
            yield from self.store_page(after, fetched, runs)
            window, path = after, fetched.nextpage

    def halve_window(self, window: Window) -> bool:
        """Put the halves of a window in its place; False for one second, which has none."""
        parts = halve_window(window, self.floor or BEGINNING)
        if parts:
            self.replace_windows([window], parts)
            self.waiting.extendleft(reversed(parts))
        return bool(parts)

    def restart_window(self, window: Window) -> bool:
        """List a window anew, which changed under our hands; False after a few times."""
        again = Window(window.first, window.last)
        self.restarts[again] += 1
        is_due = self.context.due.is_due(self.repository.repoid, count_of(again))
        if self.restarts[again] > RESTARTS or (window.total or 0) > CAP or not is_due:
            return False
        self.count_off(-window.listed)
        self.waiting.appendleft(again)
        return True

    def check_unchanged(self, window: Window) -> Generator[Task, None, bool]:
        """Ask again for a listed window's pages; False when GitHub counts its runs otherwise."""
        known = know_stored(self.context.engine, self.repository.repoid)
        path: str | None = self.repository.path + first_page_path(window)
        while path is not None:
            fetched = self.read_page(describe_span(window), path, known)
            if fetched is None:
                break
            path = fetched.nextpage
            if fetched.body is None:
                continue
            if read_total(fetched.body) != window.total:
                self.waiting.appendleft(Window(window.first, window.last))
                return False
            yield from self.store_page(window, fetched, read_items(fetched.body, RUNS))
        return True

    def read_page(self, what: str, path: str, known: Known = know_nothing) -> FetchedPage | None:
        """Return a page of a list; None where it cannot be read now. Raises ApiError."""

        def ask() -> FetchedPage:
            fetched = fetch_page(self.context.client, path, known)
            if fetched.body is not None:
                read_total(fetched.body)
                read_items(fetched.body, RUNS)
            self.course = self.course if items_before(path) else Course()
            self.course.follow(self.context.client, fetched.body, fetched.nextpage)
            return fetched

        due, home = self.context.due, self.repository.path.rstrip("/")
        was_unread = due.is_noted(self.repository.repoid, what)
        fetched = due.read(self.context.client, self.repository.repoid, what, home, ask)
        self.passed_over = self.passed_over if fetched is None else 0
        if was_unread and fetched is not None:  # others may be had again, too
            due.end_pauses(self.repository.repoid)
        return fetched

    def pass_over(self, window: Window) -> None:
        """Leave a window open that cannot be listed now; its halves may be read, if not refused."""
        self.passed_over, self.halved = self.passed_over + 1, self.halved + 1
        unread = self.context.due.count_alike(self.repository.repoid, SPANS)
        is_in_row, is_many = self.passed_over > MOST_IN_ROW, self.halved > MOST_HALVED
        if not (is_in_row or is_many or unread > MOST_UNREAD or self.is_refused(window)):
            self.count_off(-window.listed)
            if self.halve_window(window):
                self.context.due.forget(self.repository.repoid, describe_span(window))

    def is_refused(self, window: Window) -> bool:
        """Tell whether a window is refused whole, so that its parts would be, too."""
        return self.context.due.is_refused(self.repository.repoid, describe_span(window))

    def is_unread(self, window: Window) -> bool:
        """Tell whether a window could not be read."""
        return self.context.due.is_noted(self.repository.repoid, describe_span(window))

    def list_unfiltered(self) -> Iterator[Task]:
        """List runs without a filter: GitHub counts more than the lists by time have."""
        path: str | None = self.repository.path + UNFILTERED
        while path is not None and (fetched := self.read_page(ALL_RUNS, path)):
            yield from self.store_page(None, None, read_items(fetched.body, RUNS))
            path = fetched.nextpage

    def store_page(
        self, window: Window | None, fetched: FetchedPage | None, runs: list[Any]
    ) -> Iterator[Task]:
        """Store a page of runs with its notes, and yield a task for each that is to be read.

        A window with a run that cannot be read is not noted as listed: it is listed anew next time.
        """
        news, is_read = run_details.find_news(self.context, self.repository, runs, self.asked)
        if window is not None:
            if not is_read:
                self.unread.add((window.first, window.last))
            if (window.first, window.last) in self.unread:
                window, fetched = Window(window.first, window.last), None
            elif news and window.state == CLOSED:
                window = window._replace(state=LISTED)
        repository = self.repository

        def note(connection: Connection) -> None:
            backfill_progress.put_runs(connection, repository.repoid, [run for run, _ in news])
            if window is not None:
                backfill_progress.put_windows(connection, repository.repoid, window)
            if fetched is not None and fetched.page is not None:
                backfill_progress.put_page(connection, repository.repoid, fetched.key, fetched.page)

        self.context.writer.put([read for _, read in news], note)
        self.context.reporter.advance("runs", len(runs))
        if self.seeding is None:
            for run, _ in news:
                yield partial(run_details.read_details, self.context, repository, run)
            return
        yield from self.seeding.list_tasks([run for run, _ in news], runs)
