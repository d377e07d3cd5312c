"""Edges of a registry -> each package's PageRank, and how many need it directly.

Rank flows along what a package cannot do without; dependents are counted by all edges.
"""

from array import array
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
    stored = {number: (score, count) for number, score, count in connection.execute(own)}
    places = {number: place for place, number in enumerate(stored)}
    needing, needed = array("l"), array("l")
    firm = edges.c.kind.not_in(WEAK)
    pairs = (
        select(edges.c.package_id, edges.c.dependency_id)
        .join(tables.packages, c.Id == edges.c.package_id)
        .where(c.manager == manager, firm)
        .distinct()
    )
    for source, target in connection.execute(pairs, execution_options={"yield_per": 10_000}):
        if source in places and target in places:
            needing.append(places[source])
            needed.append(places[target])
    direct = (
        select(edges.c.dependency_id, func.count(edges.c.package_id.distinct()))
        .join(tables.packages, c.Id == edges.c.dependency_id)
        .where(c.manager == manager)
        .group_by(edges.c.dependency_id)
    )
    counts = {number: count for number, count in connection.execute(direct)}
    scores = page_rank(len(places), needing, needed)
    changes = {
        number: (scores[place], counts.get(number, 0))
        for number, place in places.items()
        if is_other(stored[number], scores[place], counts.get(number, 0))
    }
    quoted = connection.dialect.identifier_preparer.quote(ID)
    for part in chunks([*changes]):
        columns = zip(*(changes[number] for number in part), strict=True)
        score, dependents = (choose(quoted, part, values) for values in columns)
        setting = update(tables.packages).where(c.Id.in_(part))
        connection.execute(setting.values(score=score, dependents=dependents))
    return len(changes)


def choose(column: str, numbers: Sequence[int], values: Sequence[float]) -> ColumnElement[Any]:
    """Return each row's value by its number: one statement for many rows, of numbers alone."""
    pairs = zip(numbers, values, strict=True)
    cases = " ".join(f"WHEN {number:d} THEN {value!r}" for number, value in pairs)
    return literal_column(f"CASE {column} {cases} END")


def is_other(stored: tuple[float | None, int | None], score: float, count: int) -> bool:
    """Whether a package's score or count of dependents is to be written."""
    old, before = stored
    return old is None or before != count or abs(score - old) > SAME * score


def page_rank(nodes: int, needing: "array[int]", needed: "array[int]") -> list[float]:
    """Return the PageRank of nodes 0, 1, ..., where one that needs another passes its rank on.

    What a node that needs nothing has is spread over all. They sum up to 1.
    """
    if not nodes:
        return []
    out = [0] * nodes
    for place in needing:
        out[place] += 1
    ends = [place for place, number in enumerate(out) if not number]
    ranks = [1 / nodes] * nodes
    for _ in range(MOST_ROUNDS):
        shares = [DAMPING * rank / (number or 1) for rank, number in zip(ranks, out, strict=True)]
        base = (1 - DAMPING + DAMPING * sum(ranks[place] for place in ends)) / nodes
        new = [base] * nodes
        for source, target in zip(needing, needed, strict=True):
            new[target] += shares[source]
        change = sum(map(abs, map(sub, new, ranks)))
        ranks = new
        if change < CLOSE:
            break
    return ranks
