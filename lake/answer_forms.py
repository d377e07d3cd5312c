"""Print what the lake answers, as it is fetched: as a table, as CSV, as JSON."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, islice
from math import isfinite
from typing import Any, TextIO

from runtime.csv_text import defuse

WIDEST = 60
"""Letters of a value in a table; CSV and JSON have all of it."""
SEEN = 1000
"""Rows that say how wide a table's columns are; wider values of later ones move what follows."""
EXPLAINED = ["explain_key", "explain_value"]
"""Columns of an EXPLAIN: a plan, drawn in lines."""


def table_of(names: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Print rows below their columns' names, cut to what fits, however many there are."""
    if [*names] == EXPLAINED:
        out.writelines(f"{without_controls(str(text))}\n" for _, text in rows)
        return
    texts = ([shorten(value) for value in row] for row in rows)
    first = [[shorten(name) for name in names], *islice(texts, SEEN)]
    widths = [max(len(row[at]) for row in first) for at in range(len(names))]
    for row in chain(first[:1], [["-" * width for width in widths]], first[1:], texts):
        out.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)))
        out.write("\n")


def shorten(value: Any) -> str:
    """Return a value as one short line, without what would move a terminal's cursor."""
    text = without_controls("" if value is None else text_of(value)).replace("\n", " ")
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def without_controls(text: str) -> str:
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", " ", text)


def csv_of(names: Sequence[str], rows: Iterable[Iterable[Any]], out: TextIO) -> None:
    """Print rows as CSV, exactly; a value that is not there is empty, a list is JSON."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if value is None else text_of(value) for value in row] for row in rows)


def sheet_of(names: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Print rows as CSV that a spreadsheet shows and does not run, as the pages' is."""
    csv_of([str(defuse(name)) for name in names], (map(defuse_in, row) for row in rows), out)


def defuse_in(value: Any) -> object:
    """Return a value as it may stand in a cell; a list is its text there."""
    is_whole = value is None or isinstance(value, int | float | Decimal)
    return value if is_whole else defuse(text_of(value))


def text_of(value: Any) -> str:
    """Return a value as text: bytes in hexadecimal, a list or a structure as JSON."""
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return as_json(value) if isinstance(value, list | tuple | Mapping) else str(value)


def json_of(names: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Print rows as a list of objects, times as ISO 8601."""
    begin, keys = "[\n ", [json.dumps(name) for name in apart(names)]
    for row in rows:
        out.write(begin)
        pairs = (f"{key}: {as_json(value)}" for key, value in zip(keys, row, strict=True))
        out.write(f"{{{', '.join(pairs)}}}")
        begin = ",\n "
    out.write("[]\n" if begin.startswith("[") else "\n]\n")


def apart(names: Sequence[str]) -> Iterator[str]:
    """Yield the names of columns, each once: an object has one value of a name."""
    taken = set[str]()
    for name in names:
        own, number = name, 1
        while own in taken or (number > 1 and own in names):
            number += 1
            own = f"{name}_{number}"
        taken.add(own)
        yield own


def as_json(value: Any) -> str:
    """Return a value as JSON: decimals with all of their digits, what is no number as null."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(key))}: {as_json(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_json, value))}]"
    return json.dumps(plain(value), allow_nan=False)


def plain(value: Any) -> Any:
    """Return a value of one part as JSON has it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


FORMS: Mapping[str, Callable[[Sequence[str], Iterable[Sequence[Any]], TextIO], None]] = {
    "table": table_of,
    "csv": csv_of,
    "json": json_of,
    "spreadsheet": sheet_of,
}
