"""Edges of a registry -> each package's PageRank, and how many need it directly.

Rank flows along what a package cannot do without; dependents are counted by all edges.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from operator import sub
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, update

from engines.chunks import chunks
from engines.column_types import ID
from schema.tables import packages as tables
from store.packages.dependents import WEAK

DAMPING = 0.85
CLOSE = 1e-8
"""Of all scores together, the change at which they stand."""
MOST_ROUNDS = 100
SAME = 1e-6
"""A score that changes by less, of itself, is not written again."""


def score_packages(connection: Connection, manager: str) -> int:
    """Write the scores of a registry's packages, those that changed; return how many."""
    c, edges = tables.packages.c, tables.packageedges
    own = select(c.Id, c.score, c.dependents).where(c.manager == manager, c.gonetime.is_(None))
    ids, old, before = array("q"), array("d"), array("q")
    # Of the statements alone: PostgreSQL takes no cursor for an UPDATE.
    streamed = {"yield_per": 10_000}
    for number, score, count in connection.execute(own.order_by(c.Id), execution_options=streamed):
        ids.append(number)
        old.append(math.nan if score is None else score)
        before.append(-1 if count is None else count)
    needing, needed = array("l"), array("l")
    firm = edges.c.kind.not_in(WEAK)
    pairs = (
        select(edges.c.package_id, edges.c.dependency_id)
        .join(tables.packages, c.Id == edges.c.package_id)
        .where(c.manager == manager, firm)
        .distinct()
    )
    for source, target in connection.execute(pairs, execution_options=streamed):
        places = place_of(ids, source), place_of(ids, target)
        if None not in places:
            needing.append(places[0] or 0)
            needed.append(places[1] or 0)
    direct = (
        select(edges.c.dependency_id, func.count(edges.c.package_id.distinct()))
        .join(tables.packages, c.Id == edges.c.dependency_id)
        .where(c.manager == manager)
        .group_by(edges.c.dependency_id)
    )
    counts = array("q", bytes(8 * len(ids)))
    for number, count in connection.execute(direct, execution_options=streamed):
        place = place_of(ids, number)
        if place is not None:
            counts[place] = count
    scores = page_rank(len(ids), needing, needed)
    changed = [
        place
        for place, score in enumerate(scores)
        if before[place] != counts[place] or not abs(score - old[place]) <= SAME * score
    ]
    quoted = connection.dialect.identifier_preparer.quote(ID)
    for part in chunks(changed):
        numbers = [ids[place] for place in part]
        score = choose(quoted, numbers, [scores[place] for place in part])
        dependents = choose(quoted, numbers, [counts[place] for place in part])
        setting = update(tables.packages).where(c.Id.in_(numbers))
        connection.execute(setting.values(score=score, dependents=dependents))
    return len(changed)


def place_of(ids: "array[int]", number: int) -> int | None:
    """Return where a number stands among sorted ones."""
    place = bisect_left(ids, number)
    return place if place < len(ids) and ids[place] == number else None


def choose(column: str, numbers: Sequence[int], values: Sequence[float]) -> ColumnElement[Any]:
    """Return each row's value by its number: one statement for many rows, of numbers alone."""
    pairs = zip(numbers, values, strict=True)
    cases = " ".join(f"WHEN {number:d} THEN {value!r}" for number, value in pairs)
    return literal_column(f"CASE {column} {cases} END")


def page_rank(nodes: int, needing: Sequence[int], needed: Sequence[int]) -> "array[float]":
    """Return the PageRank of nodes 0, 1, ..., where one that needs another passes its rank on.

    What a node that needs nothing has is spread over all. They sum up to 1. Arrays, since a list
    of a million numbers takes four times the memory.
    """
    ranks = array("d", [1 / nodes]) * nodes if nodes else array("d")
    out = array("q", bytes(8 * nodes))
    for place in needing:
        out[place] += 1
    for _ in range(MOST_ROUNDS if nodes else 0):
        shares = array("d", (DAMPING * rank / (n or 1) for rank, n in zip(ranks, out, strict=True)))
        kept = sum(rank for rank, n in zip(ranks, out, strict=True) if not n)
        new = array("d", [(1 - DAMPING + DAMPING * kept) / nodes]) * nodes
        for source, target in zip(needing, needed, strict=True):
            new[target] += shares[source]
        change = sum(map(abs, map(sub, new, ranks)))
        ranks = new
        if change < CLOSE:
            break
    return ranks
