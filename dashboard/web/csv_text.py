"""Pure: rows as CSV that a spreadsheet shows and does not run."""

import csv
import io
from collections.abc import Iterable

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"  # the last four are full-width: some programs fold them
CONTROLS = "\t\r\n\0"
"""A text that begins with one of these may be run: https://owasp.org/www-community/attacks/CSV_Injection"""


def as_csv(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return RFC 4180 text; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(list(titles))
    writer.writerows([defuse(value) for value in row] for row in rows)
    return out.getvalue()


def defuse(value: object) -> object:
    """Return a value as it may stand in a cell: a text that begins like a formula is quoted."""
    if not isinstance(value, str) or not value:
        return value
    text = value.replace("\0", "")  # breaks readers
    if value[0] in CONTROLS or text.lstrip(" ")[:1] in tuple(SIGNS):
        return f"'{text}"
    return text
