"""Rows of a statement as PyMySQL writes them, with less work for each."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from pymysql import converters
from pymysql.constants import SERVER_STATUS
from pymysql.cursors import RE_INSERT_VALUES
from pymysql.cursors import Cursor as PyMySQLCursor

PLACE = re.compile(r"%\((\w+)\)s")

QUICK: dict[type, Callable[[Any], str]] = {
    int: str,
    bool: lambda value: "1" if value else "0",
    type(None): lambda _: "NULL",
    datetime: lambda value: f"'{value.isoformat(' ')}'",
}
"""How half of all values are written; PyMySQL finds out anew for each."""
NO_BACKSLASH_ESCAPES: int = SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES
ESCAPES: list[str] = converters._escape_table  # type: ignore[attr-defined]


def quoted(text: str) -> str:
    """Return a text as it stands in a statement where a backslash escapes."""
    return f"'{text.translate(ESCAPES)}'"


WITH_TEXTS = {**QUICK, str: quoted}


class Cursor(PyMySQLCursor):
    """Looks once only where the values of a statement stand, and in which order.

    For every `executemany` PyMySQL matches the whole statement with a regular expression: 60 to
    260 µs for our upserts, which are long, and always the same. For each row it makes a dictionary
    of what is written, for Python to look for the names in the text once more.
    """

    def _mogrify(self, query: Any, args: Any = None) -> Any:
        """Return a statement, or the values of a row, with what it holds."""
        take = places(query) if type(args) is dict and query[:1] == "(" else None
        if take is None:
            return super()._mogrify(query, args)  # type: ignore[misc] # not in the stubs
        connection: Any = self.connection
        has_escapes = not connection.server_status & NO_BACKSLASH_ESCAPES
        escape, quick = connection.escape, WITH_TEXTS if has_escapes else QUICK
        written = [
            quick[type(value)](value) if type(value) in quick else escape(value)
            for value in take(args)
        ]
        return f"({','.join(written)})"

    def executemany(self, query: str, args: Iterable[object]) -> int | None:
        """Run a statement for all rows; return how many were affected."""
        rows, parts = list(args), cut(query)
        if parts is None or not rows:
            return super().executemany(query, rows)
        sent: int = self._do_execute_many(  # type: ignore[attr-defined] # not in the stubs
            *parts, rows, self.max_stmt_length, self.connection.encoding
        )
        return sent


@lru_cache(maxsize=256)
def places(values: str) -> Callable[[Any], tuple[Any, ...]] | None:
    """Return what takes the values out of a row in their order; None where more is written."""
    names = PLACE.findall(values)
    is_plain = values.replace(" ", "") == f"({','.join(f'%({name})s' for name in names)})"
    return itemgetter(*names) if is_plain and len(names) > 1 else None


@lru_cache(maxsize=256)
def cut(query: str) -> tuple[str, str, str] | None:
    """Return what stands before, in and behind the values of an INSERT; None for all else."""
    match = RE_INSERT_VALUES.match(query)
    if match is None:
        return None
    before, values, behind = match.groups()
    return before % (), values.rstrip(), (behind or "") % ()
