"""Lines that came together -> their records, each column of all of them checked at once.

A group in which anything is not as usual is read line by line, which says what is wrong with which
line: so this is only faster, and nothing is decided here.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import count
from operator import itemgetter
from typing import Any

import orjson

from feedrunner.messages import LONGEST, Allowed, Message, Record, read_messages
from feedrunner.streams import MOST, STREAMS, Text, flag, small, whole

TYPE, STREAM, RECORD = itemgetter("type"), itemgetter("stream"), itemgetter("record")
NUL = b"\\u0000"
LARGEST = {whole: (-MOST, MOST), small: (0, 2**31 - 1)}


def read_groups(
    groups: Iterable[list[bytes]], allowed: Allowed
) -> Iterator[Sequence[Record] | Message]:
    """Yield the records of groups of lines together, other messages alone. Raises BadLine."""
    lines_before = rows = 0
    for lines in groups:
        records = read_records(lines_before + 1, lines, allowed)
        if records is None or rows + len(records) > allowed.most_rows:
            for message in read_messages(lines, allowed, lines_before, rows):
                rows += type(message) is Record
                yield message
        elif records:
            rows += len(records)
            yield records
        lines_before += len(lines)


def read_records(first: int, lines: Sequence[bytes], allowed: Allowed) -> list[Record] | None:
    """Return the records of lines, the number of the first given; None where one is odd."""
    if max(map(len, lines), default=0) > LONGEST or NUL in b"".join(lines):
        return None
    try:
        parsed = [*map(orjson.loads, lines)]
        if {*map(TYPE, parsed)} != {"RECORD"}:
            return None
        streams, values = [*map(STREAM, parsed)], [*map(RECORD, parsed)]
        if {*map(type, values)} != {dict}:
            return None
        for (stream, names), alike in by_shape(streams, values).items():
            if stream not in allowed.streams or not check_alike(stream, names, alike, allowed):
                return None
    except (ValueError, KeyError, TypeError):
        return None
    return [*map(Record, count(first), streams, values, map(len, lines))]


def by_shape(
    streams: Sequence[str], values: Sequence[dict[str, Any]]
) -> dict[tuple[str, tuple[str, ...]], Sequence[dict[str, Any]]]:
    """Return records by their stream and columns; most groups have one of each."""
    shapes = [*zip(streams, map(tuple, values), strict=True)]
    if len({*shapes}) == 1:
        return {shapes[0]: values}
    alike = defaultdict[tuple[str, tuple[str, ...]], list[dict[str, Any]]](list)
    for shape, record in zip(shapes, values, strict=True):
        alike[shape].append(record)
    return {**alike}


def check_alike(
    stream: str, names: Sequence[str], records: Sequence[dict[str, Any]], allowed: Allowed
) -> bool:
    """Tell whether records with the same columns are all right, and complete them.

    Raises KeyError for an unknown column, WrongValue.
    """
    columns, keys, defaults = STREAMS[stream]
    if "manager" in columns and allowed.manager is None:
        return False
    if not {*keys} <= {*names}:
        return False
    for name, column in zip(names, zip(*map(dict.values, records), strict=True), strict=True):
        check = columns[name]
        types = {*map(type, column)}
        if types & {type(None)}:
            if name in keys:
                return False
            types.remove(type(None))
            column = tuple(value for value in column if value is not None)
        if name == "manager" and {*column} != {allowed.manager}:
            return False
        if not types or all_fit(check, types, column):
            continue
        for record in records:
            if record[name] is not None:
                record[name] = check(record[name])
    missing = {name: value for name, value in defaults.items() if name not in names}
    for record in records if missing or "manager" in names else ():
        record.update(missing)
        record.pop("manager", None)
    return True


def all_fit(check: Callable[[Any], Any], types: Collection[type], column: Sequence[Any]) -> bool:
    """Tell whether a check would return these values as they are, as far as is quick to see."""
    if isinstance(check, Text):
        lengths = [*map(len, column)] if types == {str} else [-1]
        return min(lengths) >= check.least and max(lengths) <= check.most
    if check in LARGEST:
        least, most = LARGEST[check]
        return types == {int} and min(column) >= least and max(column) <= most
    return check is flag and types == {bool}
