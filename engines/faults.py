"""Tell the database's errors apart: a row it cannot hold, or a database that cannot answer."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from engines.transaction import error_code

# Too long, out of range, wrong characters, wrong value, truncated: the same again next time.
# https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
DATA_CODES = frozenset({1406, 1264, 1366, 1292, 1265})
LOCK_CODES = frozenset({1213, 1205, 1020})
# Password, rights, database, table or column missing, TLS required: a person must act.
ACCESS_CODES = frozenset({1045, 1044, 1049, 1142, 1143, 1146, 1054, 1227, 1698, 3159})
SQLITE_UNBINDABLE = (sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError)

DATA, LOCKS, ACCESS, CONNECTION = "data", "locks", "access", "connection"


def kind(error: SQLAlchemyError) -> str:
    """Return what is at fault, and so what helps.

    - data: the values; a person and a new mapping
    - locks: other writers; time
    - access: rights, password, schema; a person
    - connection: the server or the way to it, its disk, its role; time, or a person
    """
    if is_data(error):
        return DATA
    code = error_code(error) if isinstance(error, DBAPIError) else None
    return LOCKS if code in LOCK_CODES else ACCESS if code in ACCESS_CODES else CONNECTION


def is_data(error: SQLAlchemyError) -> bool:
    """Tell whether the values are at fault, so that trying again cannot help."""
    if not isinstance(error, DBAPIError):
        # Raised while a value was prepared, before the database saw it.
        return isinstance(error, StatementError)
    if isinstance(error, DataError | IntegrityError):
        return True
    if isinstance(error.orig, SQLITE_UNBINDABLE):
        return "bind" in str(error.orig)
    return error_code(error) in DATA_CODES


def cause(error: BaseException) -> str:
    """Return an error in one line, without SQL, parameters or a database URL."""
    inner = getattr(error, "orig", None) or error
    if isinstance(inner, SQLAlchemyError):
        return type(inner).__name__
    return " ".join(f"{type(inner).__name__}: {inner}".split())


def described(error: BaseException) -> str:
    """Return an error, or the database's error that it was raised from, with its kind."""
    inner = error.__cause__ if isinstance(error.__cause__, SQLAlchemyError) else error
    return f"{kind(inner)}: {cause(inner)}" if isinstance(inner, SQLAlchemyError) else cause(inner)
