"""Edges of a registry -> each package's PageRank, and how many need it directly.

Rank flows along what a package cannot do without; dependents are counted by all edges.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, update

from engines.chunks import chunks
from engines.column_types import ID
from schema.tables import packages as tables
from store.packages.dependents import WEAK
from store.packages.page_rank import page_rank

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
    needing, needed = array("i"), array("i")
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
        # Its text is of these rows alone: kept for another time, it takes tens of MiB.
        unkept: Any = {"compiled_cache": None}
        connection.execute(
            setting.values(score=score, dependents=dependents), execution_options=unkept
        )
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
