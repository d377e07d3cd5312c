"""Who needs whom -> each one's PageRank.

What a node has that needs nothing is spread over all. All get the same of it, so the ranks are
those of a graph where nothing is spread, but for their sum. There a node's rank is known as soon
as those are that need it; only what stands in circles, or behind them, is gone round until it
stands (Gauss-Seidel). Arrays, since a list of a million numbers takes four times the memory.
"""

from array import array
from collections.abc import Sequence
from itertools import accumulate

DAMPING = 0.85
CLOSE = 1e-8
"""Of all ranks together, the change at which they stand."""
MOST_ROUNDS = 100


def page_rank(nodes: int, needing: Sequence[int], needed: Sequence[int]) -> "array[float]":
    """Return the ranks of nodes 0, 1, ..., where one that needs another passes its rank on.

    They sum up to 1.
    """
    starts, sources = neighbours(nodes, needed, needing)
    ends, targets = neighbours(nodes, needing, needed)
    waiting = array("q", (starts[node + 1] - starts[node] for node in range(nodes)))
    order = array("q", (node for node in range(nodes) if not waiting[node]))
    for node in order:  # which grows meanwhile
        for target in targets[ends[node] : ends[node + 1]]:
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    ranks, shares = array("d", [1.0]) * nodes, array("d", bytes(8 * nodes))
    share = shares.__getitem__

    def rank(node: int) -> float:
        before = ranks[node]
        ranks[node] = 1 + DAMPING * sum(map(share, sources[starts[node] : starts[node + 1]]))
        shares[node] = ranks[node] / (ends[node + 1] - ends[node] or 1)
        return abs(ranks[node] - before)

    for node in order:
        rank(node)
    rest = [node for node in range(nodes) if waiting[node]]
    for _ in range(MOST_ROUNDS if rest else 0):
        if sum(map(rank, rest)) < CLOSE * nodes:
            break
    total = sum(ranks)
    return array("d", (own / total for own in ranks))


def neighbours(
    nodes: int, own: Sequence[int], others: Sequence[int]
) -> "tuple[array[int], array[int]]":
    """Return the others of all nodes, one node's after the other's, and where each one's begin."""
    starts = array("q", bytes(8 * (nodes + 1)))
    for node in own:
        starts[node + 1] += 1
    starts = array("q", accumulate(starts))
    lists, free = array("i", bytes(4 * len(own))), starts[:]
    for node, other in zip(own, others, strict=True):
        lists[free[node]] = other
        free[node] += 1
    return starts, lists
