"""Which runs a vendor has, as far as lists and counts can tell that may each be wrong.

A list by creation time comes from an index that may be stale, one without a filter has an end, a
count may lag. So they are compared, and where one contradicts another all are asked for in other
ways, too: without a filter, by workflow, by id. Decision 0022 has the reasons.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from backfill.audit.findings import COUNT, DELETED, LISTING, Finding, finding_about
from backfill.audit.run_number_gaps import find_gaps, list_numbers
from backfill.audit.verdict import Span
from backfill.pipeline.context import Context
from backfill.records import (
    BEGINNING,
    BrokenList,
    CountedRuns,
    ListedRun,
    Repository,
    UnreadItem,
)
from backfill.vendors import vendor_of
from rows.counted import counted
from rows.sources import source_of
from store.reads.for_audit import StoredSpan

MOST = 100
"""Runs asked for one by one, the newest first."""
NUMBERS, ABOVE = 2_000, 20
"""Numbers without a run that are asked for, and so many above the highest known one."""


class ProvenRuns(NamedTuple):
    """The runs of a span that a vendor has, what it counts and does not list, and notes.

    `has_older` when runs from before the span are listed.
    """

    runs: list[ListedRun]
    unlisted: list[Finding]
    notes: list[Finding]
    has_older: bool


class RunCounts:
    """The runs of a span that any list gave, and how many lists gave each."""

    def __init__(
        self, context: Context, repository: Repository, span: Span, stored: StoredSpan
    ) -> None:
        self.asked = context, repository
        self.vendor = vendor_of(repository.provider)
        self.span = span
        self.stored = stored.runs
        self.runs = dict[int, ListedRun]()  # of the span
        self.later = set[int]()
        self.lists = Counter[int]()
        self.odd = list[UnreadItem]()

    def prove(self) -> ProvenRuns:
        """Return what is sure of the span's runs; `odd` are those that cannot be read."""
        listed, broken = self.vendor.list_runs(*self.asked, *self.span, self.odd)
        self.take(listed.values())
        older = self.vendor.count_runs_before(*self.asked, self.span.since)
        newest = self.vendor.walk_runs(*self.asked, self.span.until)
        is_new = self.take(newest.runs.values())
        count = f"{len(listed) + len(self.odd)} of the span, {older} before, {newest.total} in all"
        if not (
            broken
            or is_new
            or newest.total != self.count_known(older)
            or self.take(self.find_unlisted(), 2)
            or self.ask_about_gaps(has_older=older > 0)
        ):
            return ProvenRuns(list(self.runs.values()), [], [], older > 0)
        walk = self.vendor.walk_runs(*self.asked, self.span.since)
        self.take(walk.runs.values())
        totals = walk.total, self.ask_by_workflow()
        self.take(self.find_unlisted(), 2)
        if self.count_known(older) - len(self.odd) in totals:
            self.odd.clear()  # what one list has too odd to read, another has to be read
        notes = self.drop_deleted()
        if self.count_lacking(older, totals, broken):
            all_runs = self.vendor.walk_runs(*self.asked, BEGINNING).runs.values()
            times = [run.createtime for run in all_runs if run.createtime]
            older = sum(time < self.span.since for time in times)
        lacking = self.count_lacking(older, totals, broken)
        name, title = f"{self.span.since} to {self.span.until} UTC", self.vendor.TITLE
        told = f"{count}, {totals[1]} by workflow"
        runs = list(self.runs.values())
        if lacking:
            whole = counted(len(runs) + lacking, "run")
            why = f"{title} counts {whole}, but lists {len(runs):,} ({told})"
            return ProvenRuns(runs, [Finding(LISTING, name, why)], notes, older > 0)
        why = f"{title}'s counts contradict one another ({told}); its lists do not"
        return ProvenRuns(runs, [], [Finding(COUNT, name, why), *notes], older > 0)

    def take(self, runs: Iterable[ListedRun], lists: int = 1) -> bool:
        """Add the runs of a list, as the newest has them; tell whether one was not known."""
        is_new = False
        for run in runs:
            time = run.createtime or self.span.since
            if time > self.span.until:
                self.later.add(run.gitid)
            elif time >= self.span.since:
                known = self.runs.get(run.gitid)
                is_new |= known is None
                if known is None or is_newer(run, known):
                    self.runs[run.gitid] = run
                self.lists[run.gitid] += lists
        return is_new

    def find_unlisted(self) -> list[ListedRun]:
        """Return runs that are stored and on no list, but that the vendor has when asked by id."""
        horizon = self.find_horizon()
        ids = [
            run.gitid
            for run in self.stored.values()
            if run.gitid not in self.runs and (run.createtime or horizon) >= horizon
        ]
        return self.vendor.find_runs(*self.asked, sorted(ids, reverse=True)[:MOST])

    def find_horizon(self) -> datetime:
        """Return when the oldest run that is listed was created."""
        times = (run.createtime for run in self.runs.values())
        return min(filter(None, times), default=BEGINNING)

    def ask_about_gaps(self, *, has_older: bool) -> bool:
        """Ask for what gaps in run numbers may hide; tell whether that gave a new run.

        Of a workflow with gaps the runs are listed, a repository's own numbers are asked for.
        """
        known = ({**self.stored, **self.runs}).values()
        if not source_of(self.asked[1].provider).counts_by_workflow:
            return self.take(self.ask_by_number(known, has_older=has_older), 2)
        horizon = BEGINNING if has_older else self.find_horizon()
        since = dict[int, datetime]()
        for gap in find_gaps(known):
            if gap.before is None:
                continue
            time, workflow = gap.before.createtime, gap.before.workflowgitid
            if time and workflow and time >= horizon:
                since[workflow] = min(time, since.get(workflow, time))
        return any([self.take(flow.runs.values()) for flow in self.walk_workflows(since)])

    def ask_by_number(self, known: Iterable[ListedRun], *, has_older: bool) -> list[ListedRun]:
        """Return the runs that the vendor has of numbers which no known one has."""
        runs = list(known)
        highest = max((run.number for run in runs if run.number), default=0)
        gaps = find_gaps(runs, by_workflow=False, from_first=not has_older)
        above = range(highest + 1, highest + 1 + ABOVE)
        return self.vendor.find_numbered_runs(*self.asked, [*above, *list_numbers(gaps, NUMBERS)])

    def ask_by_workflow(self) -> int:
        """List the runs of each workflow; return how many there are in all."""
        workflows = self.vendor.list_workflow_ids(*self.asked)
        workflows |= {run.workflowgitid for run in self.runs.values() if run.workflowgitid}
        flows = list(self.walk_workflows(dict.fromkeys(workflows, self.span.since)))
        for flow in flows:
            self.take(flow.runs.values())
        return sum(flow.total for flow in flows)

    def walk_workflows(self, since: Mapping[int, datetime]) -> Iterator[CountedRuns]:
        """Yield the runs of workflows, each down to a time."""
        walk = partial(self.vendor.walk_runs, *self.asked)
        return self.asked[0].pool.spread(
            partial(walk, time, workflow) for workflow, time in since.items()
        )

    def drop_deleted(self) -> list[Finding]:
        """Leave out what one list alone has, or is not stored, and is not there by id; say so."""
        doubted = (run for run in self.runs if self.lists[run] == 1 or run not in self.stored)
        asked = sorted(doubted, reverse=True)[:MOST]
        absent = self.vendor.find_absent_runs(*self.asked, asked)
        gone = [self.runs.pop(run) for run in asked if run in absent]
        why = f"a list of {self.vendor.TITLE}'s still has it: it was deleted"
        return [finding_about(run, DELETED, run.gitid, why) for run in gone]

    def count_known(self, older: int) -> int:
        """Return how many runs there are in all, as far as lists go."""
        return older + len(self.later) + len(self.runs) + len(self.odd)

    def count_lacking(self, older: int, totals: Sequence[int], broken: list[BrokenList]) -> int:
        """Return how many runs are counted and on no list.

        A count is not believed where one that has nothing to do with it agrees with the lists.
        """
        over = [total - self.count_known(older) for total in totals]
        if 0 in over:
            return 0
        return max(0, *over, *(one.counted - self.count_within(one) for one in broken))

    def count_within(self, span: BrokenList) -> int:
        """Return how many runs of a span are known."""
        times = [run.createtime for run in self.runs.values() if run.createtime]
        return len(self.odd) + sum(span.first <= time <= span.last for time in times)


def is_newer(run: ListedRun, than: ListedRun) -> bool:
    """Tell whether a run as one list has it is later than as another has it."""
    later = (run.attempt, run.updatetime or BEGINNING)
    return later > (than.attempt, than.updatetime or BEGINNING)
