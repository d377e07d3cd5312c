"""How often what failed, by any of SUBJECTS: in the second half of some days, and in the first."""

from collections.abc import Sequence
from typing import Any

from store.figures import job_ends, rates
from store.figures.rates import JOB, REPOSITORY, WORKFLOW, Ends
from store.figures.shown_days import ShownFigures
from store.rollups.figures import DayFigures


class EndCounts:
    """What passed and failed by what is counted by; `short` are the days as they were read."""

    def __init__(self, figures: ShownFigures, short: Sequence[DayFigures], by: str) -> None:
        half = len(short) // 2
        self.by, self.days, self.days_before = by, short[half:], short[:half]
        self.figures, self.figures_before = figures.part(half, len(short)), figures.part(0, half)
        if by == JOB:
            self.blocks = self.figures.list_job_blocks()
            self.blocks_before = self.figures_before.list_job_blocks()

    def now(self) -> dict[Any, Ends]:
        """Return what passed and failed in the second half."""
        if self.by == JOB:
            return job_ends.sum_job_ends(self.blocks)
        return self.count(self.figures, self.days)

    def before(self, keys: Sequence[Any] | None = None) -> dict[Any, Ends]:
        """Return what passed and failed in the first half; of `keys` at least theirs."""
        if self.by == JOB:
            return job_ends.sum_job_ends(self.blocks_before, keys)
        return self.count(self.figures_before, self.days_before)

    def count(self, figures: ShownFigures, days: Sequence[DayFigures]) -> dict[Any, Ends]:
        """Return what passed and failed on days; by workflow and repository it is kept of them."""
        if self.by == WORKFLOW:
            return {**figures.sum_flow_ends()}
        if self.by == REPOSITORY:
            flows = figures.sum_flow_ends().items()
            return rates.merge_ends((rates.repo_of(flow), ends) for flow, ends in flows)
        return rates.sum_ends(days, self.by)

    def failed(self, keys: Sequence[Any]) -> dict[Any, list[int]]:
        """Return what failed on each day of the second half, by some keys."""
        if self.by == JOB:
            return job_ends.count_failed_jobs(self.blocks, keys)
        return rates.count_failed(self.days, self.by, keys)
