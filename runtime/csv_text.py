"""Rows as CSV that a spreadsheet shows and does not run."""

import csv
import io
import re
from collections.abc import Iterable

from rows.one_line import one_line

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"  # the last four are full-width: some programs fold them
"""A text that begins with one of these may be run: https://owasp.org/www-community/attacks/CSV_Injection"""

AFTER_SEPARATOR = re.compile(rf"([;\t]\"*\s*)(?=[{re.escape(SIGNS)}])")
"""Where a spreadsheet whose lists are separated otherwise would begin a cell, quotes or not."""


def as_csv(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return RFC 4180 text; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(list(titles))
    writer.writerows([defuse(value) for value in row] for row in rows)
    return out.getvalue()


def defuse(value: object) -> object:
    """Return a value as it may stand in a cell: what begins like a formula is quoted."""
    if not isinstance(value, str) or not value:
        return value
    text = one_line(value)
    text = AFTER_SEPARATOR.sub(r"\1'", text)
    return f"'{text}" if text.lstrip()[:1] in tuple(SIGNS) else text
