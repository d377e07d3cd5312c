"""Questions whose answers come together: SELECTs, each compiled once for so many values.

A SELECT with a list of values (`bindparam(..., expanding=True)`) is spelled anew by SQLAlchemy each
time, and a Row made of each answer's: half of what a delivery's questions cost.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect

from engines.kind import AskedQuery, RawAnswer, kind_of


class Question(NamedTuple):
    """A SELECT and its values: texts and numbers, or lists of such, or of tuples of such."""

    select: Any
    values: Mapping[str, Any]


class Spelled:
    """A SELECT as an engine's driver takes it with lists of certain lengths."""

    def __init__(self, select: Any, dialect: Dialect, values: Mapping[str, Any]) -> None:
        compiled: Any = select.compile(dialect=dialect)
        state = compiled.construct_expanded_state(values)
        self.sql: str = state.statement
        expanded = state.parameter_expansion
        self.lists: dict[str, list[str]] = {one: expanded[one] for one in values if one in expanded}
        given = {*values, *chain.from_iterable(self.lists.values())}
        self.binders = [
            (name, binder)
            for name, binder in {**compiled._bind_processors, **state.processors}.items()
            if name in state.parameters and name not in self.lists
        ]
        self.own = {one: value for one, value in state.parameters.items() if one not in given}
        self.order: list[str] | None = state.positiontup if compiled.positional else None
        self.dialect = dialect
        columns = compiled._result_columns
        self.types = [column.type for column in columns]
        self.row: Any = namedtuple("row", [column.keyname for column in columns], rename=True)  # type: ignore[misc]
        self.processors: list[tuple[int, Callable[[Any], Any]]] | None = None

    def asked(self, values: Mapping[str, Any]) -> AskedQuery:
        """Return the statement and its values as the driver takes them."""
        flat = {**self.own, **values}
        for name, places in self.lists.items():
            listed = flat.pop(name)
            if len(places) != len(listed):  # a list of tuples
                listed = chain.from_iterable(listed)
            flat.update(zip(places, listed, strict=True))
        for name, binder in self.binders:
            flat[name] = binder(flat[name])
        return self.sql, flat if self.order is None else tuple([flat[name] for name in self.order])

    def rows(self, answer: RawAnswer) -> list[Any]:
        """Return the rows of an answer, with their columns by name."""
        if self.processors is None:
            self.processors = [
                (place, processor)
                for place, (type_, column) in enumerate(
                    zip(self.types, answer.description, strict=True)
                )
                if (processor := self.processor_of(type_, column[1])) is not None
            ]
        make = self.row._make
        if not self.processors:
            return [make(row) for row in answer.rows]
        rows = []
        for row in answer.rows:
            values = list(row)
            for place, processor in self.processors:
                values[place] = processor(values[place])
            rows.append(make(values))
        return rows

    def processor_of(self, type_: Any, code: Any) -> Any:
        """Return what makes a value of what the driver gives for a column."""
        return type_.dialect_impl(self.dialect).result_processor(self.dialect, code)


def ask(
    connection: Connection, *questions: Question, meanwhile: Callable[[], None] | None = None
) -> list[list[Any]]:
    """Return the rows that answer each question; a server gets all of them at once.

    `meanwhile` is done before, or while it works on them; it may post a few rows.
    """
    spelled, asked = spell_all(connection, questions)
    answers = kind_of(connection).ask(connection, asked, meanwhile)
    return [text.rows(answer) for text, answer in zip(spelled, answers, strict=True)]


def ask_ahead(connection: Connection, *questions: Question) -> Callable[[], list[list[Any]]] | None:
    """Send questions and go on; return what gives the rows that answer each, once others were
    asked after them. None where each question is waited for."""
    send = kind_of(connection).ask_ahead
    if send is None:
        return None
    spelled, asked = spell_all(connection, questions)
    tell = send(connection, asked)
    return lambda: [text.rows(answer) for text, answer in zip(spelled, tell(), strict=True)]


def spell_all(
    connection: Connection, questions: Sequence[Question]
) -> tuple[list[Spelled], list[AskedQuery]]:
    """Return questions spelled, and as the driver of a connection takes them."""
    dialect = first_like(connection.dialect)
    spelled = [spell(one, dialect) for one in questions]
    asked = [text.asked(one.values) for text, one in zip(spelled, questions, strict=True)]
    return spelled, asked


@lru_cache(maxsize=64)
def first_like(dialect: Dialect) -> Dialect:
    """Return the first dialect that spells as this one: each engine of a process has its own."""
    traits = ("server_version_info", "is_mariadb", "_backslash_escapes")
    told = tuple(getattr(dialect, name, None) for name in traits)
    quote = dialect.identifier_preparer.initial_quote
    return DIALECTS.setdefault((type(dialect), dialect.paramstyle, quote, *told), dialect)


DIALECTS: dict[Any, Dialect] = {}
"""By what tells them apart: type, style of parameters, quote, server."""


def spell(question: Question, dialect: Dialect) -> Spelled:
    """Return a question as an engine takes it, spelled once for lists of these lengths."""
    lists = LISTS.get((question.select, dialect), ())
    key = question.select, dialect, tuple([len(question.values[name]) for name in lists])
    spelled = SPELLED.get(key)
    if spelled is None:
        if len(SPELLED) >= MOST_SPELLED:
            SPELLED.clear()
        spelled = Spelled(question.select, dialect, question.values)
        LISTS[question.select, dialect] = (*spelled.lists,)
        sizes = tuple([len(question.values[name]) for name in spelled.lists])
        SPELLED[question.select, dialect, sizes] = spelled
    return spelled


MOST_SPELLED = 1000
SPELLED: dict[Any, Spelled] = {}
"""By SELECT, dialect and lengths of lists."""
LISTS: dict[Any, tuple[str, ...]] = {}
"""The names of a SELECT's lists, by SELECT and dialect."""


def ask_each(
    connection: Connection,
    asked: Sequence[AskedQuery],
    meanwhile: Callable[[], None] | None = None,
) -> list[RawAnswer]:
    """Return the answers to queries, one after the other."""
    if meanwhile is not None:
        meanwhile()
    answers = []
    for text, values in asked:
        cursor: Any = connection.exec_driver_sql(text, values).cursor
        answers.append(RawAnswer(cursor.description, cursor.fetchall()))
    return answers
