"""Edges of a registry -> each package's PageRank, and how many need it directly.

Rank flows along what a package cannot do without; dependents are counted by all edges.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    String,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import dialect

from engines import kind_of, reading
from engines.column_types import ID
from engines.transaction import transact
from schema.tables import packages as tables
from store.packages.dependents import WEAK
from store.packages.page_rank import page_rank

SAME = 1e-6
"""A score that changes by less, of itself, is not written again."""
PART = 5000
"""Scores of a transaction."""
BY_NAME: Any = dialect(paramstyle="named")
TOGETHER = 100
"""Scores of a statement: a row is compared with each before it."""


class ScoreChange(NamedTuple):
    """A package's number, its score, and how many need it directly."""

    number: int
    score: float
    dependents: int


class Graph(NamedTuple):
    """Edges by the places of packages, and how many need each for whatever reason."""

    needing: "array[int]"
    needed: "array[int]"
    dependents: "array[int]"


def score_packages(engine: Engine, manager: str) -> int:
    """Write the scores of a registry's packages, those that changed; return how many.

    They are read in one transaction and written in many, between which deliveries come through.
    """
    with reading(engine).connect() as connection:
        changes = list_changes(connection, manager)
    parts = (changes[at : at + PART] for at in range(0, len(changes), PART))
    return sum(transact(engine, partial(write_scores, changes=part)) for part in parts)


def list_changes(connection: Connection, manager: str) -> list[ScoreChange]:
    """Return what scores of a registry's packages are not as they are stored."""
    c = tables.packages.c
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
    graph = read_graph(connection, ids)
    scores = page_rank(len(ids), graph.needing, graph.needed)
    return [
        ScoreChange(ids[place], score, graph.dependents[place])
        for place, score in enumerate(scores)
        if before[place] != graph.dependents[place] or not abs(score - old[place]) <= SAME * score
    ]


def read_graph(connection: Connection, ids: "array[int]") -> Graph:
    """Return who needs whom of packages, whose sorted numbers are given.

    Those that need one come put together to a text: a row for each takes a driver longer.
    """
    deep = kind_of(connection).deep_recursion
    if deep:
        connection.execute(text(deep))
    edges, places = tables.packageedges, Places(ids)
    graph = Graph(array("i"), array("i"), array("q", bytes(8 * len(ids))))
    number = cast(edges.c.package_id, String)
    firm = case((edges.c.kind.not_in(WEAK), number))
    texts = (func.aggregate_strings(one, ",") for one in (number, firm))
    length = func.sum(func.length(number)) + func.count() - 1
    query = (
        select(edges.c.dependency_id, *texts, length)
        .where(edges.c.dependency_id.between(ids[0], ids[-1]))
        .group_by(edges.c.dependency_id)
    )
    for dependency, whole, firm_ones, length_of_all in connection.execute(query):
        target = places.of(dependency)
        if target is None:
            continue
        if len(whole) < length_of_all:  # MySQL cuts at max_allowed_packet, and only warns
            whole, firm_ones = read_apart(connection, dependency)
        # What a package needs for two reasons stands there twice.
        graph.dependents[target] = len({*whole.split(",")})
        if firm_ones:
            sources = places.of_all({*map(int, firm_ones.split(","))})
            graph.needing.extend(sources)
            graph.needed.extend([target] * len(sources))
    return graph


def read_apart(connection: Connection, dependency: int) -> tuple[str, str]:
    """Return who needs a package, and who cannot do without it, read row by row."""
    edges = tables.packageedges.c
    query = select(edges.package_id, edges.kind).where(edges.dependency_id == dependency)
    rows = [(str(number), kind) for number, kind in connection.execute(query)]
    firm = (number for number, kind in rows if kind not in WEAK)
    return ",".join(number for number, _ in rows), ",".join(firm)


class Places:
    """Where numbers stand among sorted ones, which mostly follow each other."""

    def __init__(self, ids: "array[int]") -> None:
        self.ids, self.first = ids, ids[0]
        self.is_dense = ids[-1] - ids[0] + 1 == len(ids)

    def of(self, number: int) -> int | None:
        """Return the place of a number, None where it is not there."""
        if self.is_dense:
            place = number - self.first
            return place if 0 <= place < len(self.ids) else None
        place = bisect_left(self.ids, number)
        return place if place < len(self.ids) and self.ids[place] == number else None

    def of_all(self, numbers: Iterable[int]) -> list[int]:
        """Return the places of those that are there, the first one first."""
        places = map(self.of, numbers)
        return sorted(place for place in places if place is not None)


def write_scores(connection: Connection, changes: Sequence[ScoreChange]) -> int:
    """Write scores, many in one statement where a server is asked; return how many."""
    if kind_of(connection).is_file:
        c = tables.packages.c
        row: dict[Any, Any] = {c.score: bindparam("score"), c.dependents: bindparam("dependents")}
        setting = update(tables.packages).where(c.Id == bindparam("number")).values(row)
        text = str(setting.compile(dialect=BY_NAME))
        # SQLAlchemy itself takes longer for the values of each than SQLite does.
        connection.exec_driver_sql(text, [change._asdict() for change in changes])
        return len(changes)
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


def choose(column: str, numbers: Sequence[int], values: Sequence[float]) -> ColumnElement[Any]:
    """Return each row's value by its number: one statement for many rows, of numbers alone."""
    pairs = zip(numbers, values, strict=True)
    cases = " ".join(f"WHEN {number:d} THEN {value!r}" for number, value in pairs)
    return literal_column(f"CASE {column} {cases} END")
