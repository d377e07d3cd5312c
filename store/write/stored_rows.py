"""Read stored rows by their keys, as they stand beside new ones."""

from collections.abc import Callable, Collection, Iterable
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, Select, Table, bindparam, select

from engines.asking.questions import Question, ask
from engines.bulk.id_list import among_ids
from engines.chunks import by_scope
from rows.words import RunKey
from schema.tables.ci import jobs, keys

Key = tuple[Any, ...]
Values = dict[str, Any]


def key_of(table: Table, values: Values) -> Key:
    """Return what names a row in its table."""
    return key_getter(table)(values)


@cache
def key_getter(table: Table) -> Callable[[Values], Key]:
    """Return what takes the key out of a table's row."""
    names = keys(table)
    return itemgetter(*names) if len(names) > 1 else lambda values: (values[names[0]],)


def by_key(
    connection: Connection, table: Table, wanted: Iterable[Key], names: Collection[str] = ()
) -> dict[Key, Values]:
    """Return the stored rows among `wanted`, by key: all columns, or the key and those named."""
    wanted = set(wanted)
    columns = columns_of(table, frozenset(names))
    stored: dict[Key, Values] = {}
    key_in = key_getter(table)
    for scope, part in by_scope(sorted({(scope, second) for scope, second, *_ in wanted})):
        question = Question(query_of(table, columns), {"of": scope, "those": part})
        for row in ask(connection, question)[0]:
            values = dict(zip(columns, row, strict=True))
            key = key_in(values)
            if key in wanted:
                stored[key] = values
    return stored


@cache
def columns_of(table: Table, names: frozenset[str]) -> tuple[str, ...]:
    """Return the names of all columns, or of the key and those named, in the table's order."""
    wanted = names.union(keys(table))
    return tuple(one.name for one in table.columns if not names or one.name in wanted)


def runs_with_jobs(connection: Connection, runs: Iterable[RunKey]) -> set[RunKey]:
    """Return the runs among these of which a job is stored."""
    return {
        (provider, run)
        for provider, part in by_scope(sorted(runs))
        for (run,) in ask(connection, Question(RUNS_WITH_JOBS, {"of": provider, "those": part}))[0]
    }


RUNS_WITH_JOBS = (
    select(jobs.c.rungitid)
    .distinct()
    .where(jobs.c.provider == bindparam("of"))
    .where(among_ids(jobs.c.rungitid, "those"))
)


@cache
def query_of(table: Table, names: tuple[str, ...]) -> Select[Any]:
    """Return the query for these columns of the rows of one scope."""
    scope, second, *_ = keys(table)
    column = table.c[second]
    is_number = isinstance(column.type, BigInteger)
    listed: BindParameter[Any] = bindparam("those", expanding=True)
    chosen = among_ids(column, "those") if is_number else column.in_(listed)
    columns = (table.c[name] for name in names)
    return select(*columns).where(table.c[scope] == bindparam("of"), chosen)
