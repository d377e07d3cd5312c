"""Packages -> those that need them, directly or through others."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, String, cast, func, select, text

from engines import join_in_order, kind_of
from schema.tables import packages as tables

WEAK = ("optional", "recommended")
"""Kinds of needs without which a package still works: who needs it need not have them."""
TEXTS = 16
"""In which the numbers come: a row for each takes a driver half as long as the walk does."""


def list_dependents(
    connection: Connection, package_ids: Collection[int], *, direct: bool = False
) -> set[int]:
    """Return the packages that need one of these, without themselves: packages.Id.

    Only by ids, each once: with a depth beside it, rows multiply.
    """
    if not package_ids:
        return set()
    deep = kind_of(connection).deep_recursion
    if deep:
        connection.execute(text(deep))
    edges = tables.packageedges
    firm = edges.c.kind.not_in(WEAK)
    begin = select(edges.c.package_id.label("package_id")).where(
        edges.c.dependency_id.in_(package_ids), firm
    )
    source: Any = begin.distinct().subquery()
    if not direct:
        walk = begin.cte("walk", recursive=True)
        step = (
            select(edges.c.package_id)
            .select_from(walk)
            .join(edges, edges.c.dependency_id == walk.c.package_id)
            .where(firm)
        )
        source = walk.union(join_in_order(step))
    number = source.c.package_id
    texts = select(func.aggregate_strings(cast(number, String), ",")).group_by(number % TEXTS)
    return {int(id_) for text in connection.scalars(texts) for id_ in text.split(",")} - {
        *package_ids
    }
