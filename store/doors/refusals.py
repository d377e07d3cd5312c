"""Write many at once; where one is refused, write the others all the same."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from engines import faults
from rows import Unmappable
from store.write.merge_rules import TAKEN

VERSION = re.compile(r"\bversion\b")

Item = TypeVar("Item")


def is_refusal(error: Exception) -> bool:
    """Tell whether rows are at fault, so that the same rows would be refused again."""
    if isinstance(error, SQLAlchemyError):
        return faults.is_data(error)
    return isinstance(error, Unmappable)


def reason_of(error: Exception) -> str:
    """Return why rows are refused, in one line."""
    if isinstance(error, IntegrityError) and VERSION.search(str(error.orig)):
        return f"repository.id, run_id: {TAKEN}"  # store/write/upsert.py says so with a NULL
    return str(error) if isinstance(error, Unmappable) else faults.cause(error)


def write_each(
    items: Sequence[Item],
    write: Callable[[Sequence[Item]], None],
    refuse: Callable[[Item, Exception], None],
    is_refusal: Callable[[Exception], bool] = is_refusal,
) -> None:
    """Write items together; where rows are refused, in halves, down to the item at fault.

    That one is given to `refuse`. Raises what is no refusal; some may be written by then.
    """
    if not items:
        return
    try:
        write(items)
    except Exception as error:
        if not is_refusal(error):
            raise
        if len(items) > 1:
            half = len(items) // 2
            write_each(items[:half], write, refuse, is_refusal)
            write_each(items[half:], write, refuse, is_refusal)
        else:
            refuse(items[0], error)
