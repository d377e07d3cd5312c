"""PyMySQL without what it would do again and again for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pymysql
from pymysql.cursors import RE_INSERT_VALUES
from pymysql.cursors import Cursor as PyMySQLCursor


class Connection(pymysql.Connection):
    """Sends no ROLLBACK where nothing was asked since the last transaction ended.

    SQLAlchemy's pool rolls every connection back that it takes back, after a COMMIT, too.
    """

    is_done = False

    def query(self, sql: Any, unbuffered: Any = False) -> int:
        """Run a statement."""
        self.is_done = False
        return super().query(sql, unbuffered)

    def commit(self) -> None:
        """End the transaction."""
        super().commit()
        self.is_done = True

    def rollback(self) -> None:
        """End the transaction, if there is one."""
        if not self.is_done:
            super().rollback()
            self.is_done = True


class Cursor(PyMySQLCursor):
    """Looks once only where the values of a statement stand.

    For every `executemany` PyMySQL matches the whole statement with a regular expression: 60 to
    260 µs for our upserts, which are long, and always the same.
    """

    def executemany(self, query: str, args: Iterable[object]) -> int | None:
        """Run a statement for all rows; return how many were affected."""
        rows, found = list(args), cut(query)
        if found is None or not rows:
            return super().executemany(query, rows)
        sent: int = self._do_execute_many(  # type: ignore[attr-defined] # not in the stubs
            *found, rows, self.max_stmt_length, self.connection.encoding
        )
        return sent


@lru_cache(maxsize=256)
def cut(query: str) -> tuple[str, str, str] | None:
    """Return what stands before, in and behind the values of an INSERT; None for all else."""
    found = RE_INSERT_VALUES.match(query)
    if found is None:
        return None
    before, values, behind = found.groups()
    return before % (), values.rstrip(), (behind or "") % ()
