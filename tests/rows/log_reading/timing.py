"""What work takes of the processor, for tests of how that grows: the least of some times."""

import time
from collections.abc import Callable


def least_seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return seconds of processor time; a machine that stands still stretches one of the times."""
    best = float("inf")
    for _ in range(times):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best
