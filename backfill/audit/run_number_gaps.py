"""Gaps in the run numbers of a workflow, told apart. Pure: nothing is asked or stored.

GitHub counts the runs of a workflow from 1 and a re-run keeps its number, so a number that nobody
has is a run that was deleted, that GitHub no longer lists, or that is missing here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from backfill.audit.findings import DELETED, GAP, Finding
from backfill.records import ListedRun

HORIZON = "horizon"
SECOND = timedelta(seconds=1)

Between = tuple[datetime, datetime]


class Gap(NamedTuple):
    """Numbers without a run, and the runs on either side of them."""

    before: ListedRun
    after: ListedRun

    @property
    def numbers(self) -> range:
        """Return the numbers that nobody has."""
        return range((self.before.number or 0) + 1, self.after.number or 0)

    @property
    def name(self) -> str:
        """Return the numbers as text."""
        first, last = self.numbers[0], self.numbers[-1]
        return str(first) if first == last else f"{first}-{last}"


def find_gaps(runs: Iterable[ListedRun]) -> list[Gap]:
    """Return the gaps between the lowest and the highest number of each workflow."""
    by_workflow: dict[int, dict[int, ListedRun]] = defaultdict(dict)
    for run in runs:
        if run.workflowgitid is not None and run.number is not None and run.createtime:
            by_workflow[run.workflowgitid][run.number] = run
    gaps = []
    for numbered in by_workflow.values():
        inorder = [numbered[number] for number in sorted(numbered)]
        gaps += [gap for pair in pairwise(inorder) if (gap := Gap(*pair)).numbers]
    return gaps


def describe_gap(gap: Gap, kind: str, why: str) -> Finding:
    """Return what is said of a gap."""
    day = gap.after.createtime.date() if gap.after.createtime else None
    return Finding(kind, gap.name, why, None, gap.after.workflow, day)


def explain_gaps(gaps: Iterable[Gap], horizon: datetime | None) -> list[Finding]:
    """Return a note for each gap when all that GitHub lists is known.

    What GitHub lists is among the runs the gaps were found in, so it does not list these: they
    are from before `horizon`, the oldest run it lists, or were deleted.
    """
    notes = []
    for gap in gaps:
        if horizon is not None and gap.before.createtime and gap.before.createtime < horizon:
            notes.append(describe_gap(gap, HORIZON, "GitHub lists no runs of that time any more"))
        else:
            notes.append(describe_gap(gap, DELETED, "GitHub does not list it: it was deleted"))
    return notes


def judge_gaps(
    gaps: Iterable[Gap], proven: Sequence[Between]
) -> tuple[list[Finding], list[Finding]]:
    """Return findings and notes for gaps when GitHub is not asked.

    `proven` are spans of time all of whose runs were listed once: what had no run then was
    deleted before, and anything else may be missing.
    """
    missing, notes = [], []
    for gap in gaps:
        if is_within(gap, proven):
            notes.append(describe_gap(gap, DELETED, "GitHub did not list it: it was deleted"))
        else:
            why = "is not stored; only GitHub can say whether it was deleted"
            missing.append(describe_gap(gap, GAP, why))
    return missing, notes


def is_within(gap: Gap, proven: Sequence[Between]) -> bool:
    """Tell whether all runs of the time of a gap were listed, be it in several spans."""
    at, end = gap.before.createtime, gap.after.createtime
    if at is None or end is None:
        return False
    for first, last in sorted(proven):
        if first <= at + SECOND <= last + SECOND:
            at = last
    return at >= end
