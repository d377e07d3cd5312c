"""Tell the database's errors apart: a row it cannot hold, or a database that cannot answer."""

from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from engines.kind import ACCESS, CONNECTION, CUT, DATA, GONE, KINDS, LOCKS

__all__ = ["ACCESS", "CONNECTION", "CUT", "DATA", "GONE", "LOCKS"]


def of_drivers() -> tuple[type[Exception], ...]:
    """Return what the drivers' errors have in common, before SQLAlchemy makes them its own."""
    return tuple({kind.error for kind in KINDS.values()})


def fault(error: BaseException | None) -> str:
    """Return what is at fault in an error, SQLAlchemy's or a driver's, and so what helps.

    - data: the values; a person and a new mapping
    - locks: other writers; time
    - access: rights, password, schema; a person
    - connection: the server or the way to it, its disk; time, or a person
    - cut: the statement's own time was over
    - gone: the server's role; all other connections to it fail likewise
    """
    if isinstance(error, DataError | IntegrityError):
        return DATA
    if isinstance(error, DBAPIError):
        return fault(error.orig)
    if isinstance(error, StatementError):
        return DATA  # raised while a value was prepared, before the database saw it
    for kind in KINDS.values():
        if isinstance(error, kind.error):
            return kind.fault(error)
    return CONNECTION


def is_data(error: SQLAlchemyError) -> bool:
    """Tell whether the values are at fault, so that trying again cannot help."""
    return fault(error) == DATA


def is_missing(error: DBAPIError, table: str) -> bool:
    """Tell whether a table is not there, or not even the database."""
    inner = error.orig
    return any(
        isinstance(inner, kind.error) and kind.is_missing(inner, table) for kind in KINDS.values()
    )


def cause(error: BaseException) -> str:
    """Return an error in one line, without SQL, parameters or a database URL."""
    inner: Any = getattr(error, "orig", None) or error
    if isinstance(inner, SQLAlchemyError):
        return type(inner).__name__
    said = (kind.message(inner) for kind in KINDS.values() if isinstance(inner, kind.error))
    return " ".join(f"{type(inner).__name__}: {next(said, inner)}".split())


def described(error: BaseException) -> str:
    """Return an error, or the database's error that it was raised from, with what is at fault."""
    inner = error.__cause__ if isinstance(error.__cause__, SQLAlchemyError) else error
    if not isinstance(inner, SQLAlchemyError):
        return cause(inner)
    word = fault(inner)
    return f"{CONNECTION if word in (CUT, GONE) else word}: {cause(inner)}"
