"""Ask for rows by a list of their ids, which is sent as one value.

As `IN (:a, :b, ...)` SQLAlchemy writes the statement anew for each length of the list, and psycopg
reads it again: half of what Python took for a look-up of 60 runs.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, bindparam, types
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

SPELLED = {
    "sqlite": "{} IN (SELECT value FROM json_each({}))",
    "postgresql": "{} = ANY (CAST({} AS BIGINT[]))",
}
FORMS = {"sqlite": "[{}]", "postgresql": "{{{}}}"}
"""The condition and the list by engine; PyMySQL writes a tuple as a list in brackets."""


class Ids(types.UserDefinedType[Sequence[int]]):
    """A list of numbers as a driver takes it for one value."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[int] | None], Any]:
        """Return what makes a driver's value of a list."""
        form = FORMS.get(dialect.name)
        if form is None:
            return lambda ids: tuple(ids or (None,))  # nothing is in an empty list, or in (NULL)
        return lambda ids: form.format(",".join(map(str, ids or ())))


class Among(FunctionElement[Any]):
    """The condition that a column of numbers is one of a list.

    It has no type: of a Boolean SQLAlchemy asks whether it `= 1`, for which no index is used.
    """

    inherit_cache = True


@compiles(Among)
def spell(element: Among, compiler: Any, **given: Any) -> str:
    """Return how an engine spells the condition."""
    column, ids = (compiler.process(one, **given) for one in element.clauses)
    return SPELLED.get(compiler.dialect.name, "{} IN {}").format(column, ids)


def among_ids(column: ColumnElement[Any], name: str) -> Among:
    """Return the condition that a column is one of the numbers of the parameter `name`."""
    return Among(column, bindparam(name, type_=Ids()))
