"""Gaps in the numbers of runs, told apart. Pure: nothing is asked or stored.

GitHub counts the runs of a workflow from 1, GitLab all pipelines of a project, and what is run
again keeps its number. So a number that nobody has is a run that was deleted, that the vendor no
longer lists, or that is missing here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise
from typing import NamedTuple

from backfill.audit.findings import DELETED, GAP, Finding
from backfill.records import ListedRun

HORIZON = "horizon"
SECOND = timedelta(seconds=1)

Between = tuple[datetime, datetime]


class Gap(NamedTuple):
    """Numbers without a run, and the runs on either side of them; none is before the first."""

    before: ListedRun | None
    after: ListedRun

    @property
    def numbers(self) -> range:
        """Return the numbers that nobody has."""
        before = self.before.number if self.before else 0
        return range((before or 0) + 1, self.after.number or 0)

    @property
    def name(self) -> str:
        """Return the numbers as text."""
        first, last = self.numbers[0], self.numbers[-1]
        return str(first) if first == last else f"{first}-{last}"


def find_gaps(
    runs: Iterable[ListedRun], *, by_workflow: bool = True, from_first: bool = False
) -> list[Gap]:
    """Return the gaps between the lowest and the highest number of each workflow, or of all runs.

    `from_first` tells that there is none older than all of them, so that they begin with 1.
    """
    series: dict[int | None, dict[int, ListedRun]] = defaultdict(dict)
    for run in runs:
        if run.number is not None and run.createtime:
            if not by_workflow:
                series[None][run.number] = run
            elif run.workflowgitid is not None:
                series[run.workflowgitid][run.number] = run
    gaps = []
    for numbered in series.values():
        inorder = [numbered[number] for number in sorted(numbered)]
        pairs = [*([(None, inorder[0])] if from_first else []), *pairwise(inorder)]
        gaps += [gap for pair in pairs if (gap := Gap(*pair)).numbers]
    return gaps


def list_numbers(gaps: Sequence[Gap], most: int) -> list[int]:
    """Return the numbers that nobody has, the highest first, so many at the most."""
    inorder = sorted(gaps, key=lambda gap: -gap.numbers[0])
    return list(islice(chain.from_iterable(reversed(gap.numbers) for gap in inorder), most))


def describe_gap(gap: Gap, kind: str, why: str) -> Finding:
    """Return what is said of a gap."""
    day = gap.after.createtime.date() if gap.after.createtime else None
    return Finding(kind, gap.name, why, None, gap.after.workflow, day)


def explain_gaps(
    gaps: Iterable[Gap], horizon: datetime | None, title: str = "GitHub"
) -> list[Finding]:
    """Return a note for each gap when all that the vendor lists is known.

    What it lists is among the runs the gaps were found in, so it does not list these: they are
    from before `horizon`, the oldest run it lists, or were deleted.
    """
    notes = []
    for gap in gaps:
        before = gap.before.createtime if gap.before else None
        if horizon is not None and before and before < horizon:
            notes.append(describe_gap(gap, HORIZON, f"{title} lists no runs of that time any more"))
        else:
            notes.append(describe_gap(gap, DELETED, f"{title} does not list it: it was deleted"))
    return notes


def judge_gaps(
    gaps: Iterable[Gap], proven: Sequence[Between], title: str = "GitHub"
) -> tuple[list[Finding], list[Finding]]:
    """Return findings and notes for gaps when the vendor is not asked.

    `proven` are spans of time all of whose runs were listed once: what had no run then was
    deleted before, and anything else may be missing.
    """
    missing, notes = [], []
    for gap in gaps:
        if is_within(gap, proven):
            notes.append(describe_gap(gap, DELETED, f"{title} did not list it: it was deleted"))
        else:
            why = f"is not stored; only {title} can say whether it was deleted"
            missing.append(describe_gap(gap, GAP, why))
    return missing, notes


def is_within(gap: Gap, proven: Sequence[Between]) -> bool:
    """Tell whether all runs of the time of a gap were listed, be it in several spans."""
    at, end = gap.before.createtime if gap.before else None, gap.after.createtime
    if at is None or end is None:
        return False
    for first, last in sorted(proven):
        if first <= at + SECOND <= last + SECOND:
            at = last
    return at >= end
