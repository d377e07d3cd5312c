"""A name that is looked for: a part of one, whatever the case, or all of it in "quotes"."""

import re
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sqlalchemy import ColumnElement, func, or_

ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
SPECIAL = re.compile("[/%_]")
"""What means something in a LIKE with the escape `/`."""


def unquote(value: str) -> str | None:
    """Return what stands in "quotes", which is meant whole; None for what may be a part."""
    return value[1:-1] if len(value) > 2 and value[0] == value[-1] == '"' else None


def fits(value: str, name: str) -> bool:
    """Tell whether a name is what is looked for."""
    whole = unquote(value)
    if whole is not None:
        return whole.casefold() == name.casefold()
    return value.casefold() in name.casefold()


def has_part(column: Any, value: str) -> ColumnElement[bool]:
    """Return the condition that a column's name is what is looked for."""
    whole = unquote(value)
    if whole is not None:
        is_it: ColumnElement[bool] = column == whole
        return is_it
    return has_words(column, value)


def has_words(column: Any, value: str) -> ColumnElement[bool]:
    """Return the condition that a column's text has words, quotes and all."""
    # SQLite's `lower` knows the letters of ASCII only: the others fit as they are written, too.
    spelled = {value.lower(), value.translate(ASCII_LOWER)}
    lower = func.lower(column)
    conditions = [lower.contains(part, autoescape=True) for part in sorted(spelled)]
    if not value.isascii():  # whose small letters servers write otherwise: a dotted I, a last sigma
        pattern = SPECIAL.sub(r"/\g<0>", value)
        conditions.append(lower.like(func.lower(f"%{pattern}%"), escape="/"))
    return or_(*conditions)
