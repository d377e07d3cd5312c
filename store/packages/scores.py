"""Edges of a registry -> each package's PageRank, and how many need it directly.

Rank flows along what a package cannot do without; dependents are counted by all edges.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, literal_column, select, update

from engines import reading
from engines.chunks import chunks
from engines.column_types import ID
from engines.transaction import transact
from schema.tables import packages as tables
from store.packages.dependents import WEAK
from store.packages.page_rank import page_rank

SAME = 1e-6
"""A score that changes by less, of itself, is not written again."""
TOGETHER = 100
"""Scores of a statement: a row is compared with each before it."""


class ScoreChange(NamedTuple):
    """A package's number, its score, and how many need it directly."""

    number: int
    score: float
    dependents: int


def score_packages(engine: Engine, manager: str) -> int:
    """Write the scores of a registry's packages, those that changed; return how many.

    They are read in one transaction and written in many, between which deliveries come through.
    """
    with reading(engine).connect() as connection:
        changes = list_changes(connection, manager)
    return sum(transact(engine, partial(write_scores, changes=part)) for part in chunks(changes))


def list_changes(connection: Connection, manager: str) -> list[ScoreChange]:
    """Return what scores of a registry's packages are not as they are stored."""
    c, edges = tables.packages.c, tables.packageedges
    own = select(c.Id, c.score, c.dependents).where(c.manager == manager, c.gonetime.is_(None))
    ids, old, before = array("q"), array("d"), array("q")
    # Of the statements alone: PostgreSQL takes no cursor for an UPDATE.
    streamed = {"yield_per": 10_000}
    for number, score, count in connection.execute(own.order_by(c.Id), execution_options=streamed):
        ids.append(number)
        old.append(math.nan if score is None else score)
        before.append(-1 if count is None else count)
    if not ids:
        return []
    needing, needed, counts = array("i"), array("i"), array("q", bytes(8 * len(ids)))
    # In the order of an index: what a package needs for two reasons comes twice, one by one.
    pairs = (
        select(edges.c.dependency_id, edges.c.package_id, edges.c.kind.not_in(WEAK))
        .where(edges.c.dependency_id.between(ids[0], ids[-1]))
        .order_by(edges.c.dependency_id, edges.c.package_id)
    )
    last, is_noted, target = (-1, -1), False, None
    for rows in connection.execute(pairs, execution_options=streamed).partitions():
        for dependency, package, is_firm in rows:
            if dependency != last[0]:
                target = place_of(ids, dependency)
            if target is None:
                pass
            elif (dependency, package) != last:
                counts[target] += 1
                is_noted = False
            last = (dependency, package)
            if target is None or is_noted or not is_firm:
                continue
            source = place_of(ids, package)
            if source is not None:
                needing.append(source)
                needed.append(target)
                is_noted = True
    scores = page_rank(len(ids), needing, needed)
    return [
        ScoreChange(ids[place], score, counts[place])
        for place, score in enumerate(scores)
        if before[place] != counts[place] or not abs(score - old[place]) <= SAME * score
    ]


def write_scores(connection: Connection, changes: Sequence[ScoreChange]) -> int:
    """Write scores, many in one statement; return how many."""
    for at in range(0, len(changes), TOGETHER):
        write_together(connection, changes[at : at + TOGETHER])
    return len(changes)


def write_together(connection: Connection, changes: Sequence[ScoreChange]) -> None:
    """Write scores in one statement."""
    table, quoted = tables.packages, connection.dialect.identifier_preparer.quote(ID)
    numbers = [change.number for change in changes]
    score = choose(quoted, numbers, [change.score for change in changes])
    dependents = choose(quoted, numbers, [change.dependents for change in changes])
    setting = update(table).where(table.c.Id.in_(numbers))
    # Its text is of these rows alone: kept for another time, it takes tens of MiB.
    unkept: Any = {"compiled_cache": None}
    connection.execute(setting.values(score=score, dependents=dependents), execution_options=unkept)


def place_of(ids: "array[int]", number: int) -> int | None:
    """Return where a number stands among sorted ones, which mostly follow each other."""
    place = number - ids[0] if ids else 0
    if 0 <= place < len(ids) and ids[place] == number:
        return place
    place = bisect_left(ids, number)
    return place if place < len(ids) and ids[place] == number else None


def choose(column: str, numbers: Sequence[int], values: Sequence[float]) -> ColumnElement[Any]:
    """Return each row's value by its number: one statement for many rows, of numbers alone."""
    pairs = zip(numbers, values, strict=True)
    cases = " ".join(f"WHEN {number:d} THEN {value!r}" for number, value in pairs)
    return literal_column(f"CASE {column} {cases} END")
