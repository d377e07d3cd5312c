"""Lines that came together -> their rows, each column of all of them checked at once.

A group in which anything is not as usual is read line by line, which says what is wrong with which
line: so this is only faster, and nothing is decided here.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any

import orjson

from feedrunner.messages import LONGEST, Allowed, Message, Record, read_messages
from feedrunner.streams import MOST, STREAMS, Text, flag, small, whole
from feedrunner.writing.waiting_rows import WaitingRows

TYPE, STREAM, RECORD = itemgetter("type"), itemgetter("stream"), itemgetter("record")
NUL = b"\\u0000"
LARGEST = {whole: (-MOST, MOST), small: (0, 2**31 - 1)}
NONE = type(None)

Columns = dict[str, Sequence[Any]]


def read_groups(groups: Iterable[list[bytes]], allowed: Allowed) -> Iterator[WaitingRows | Message]:
    """Yield the rows of groups of lines together, other messages alone. Raises BadLine."""
    lines_before = count = 0
    for lines in groups:
        rows = read_rows(lines_before + 1, lines, allowed)
        if rows is None or count + rows.count > allowed.most_rows:
            for message in read_messages(lines, allowed, lines_before, count):
                count += type(message) is Record
                yield message
        elif rows.count:
            count += rows.count
            yield rows
        lines_before += len(lines)


def read_rows(first: int, lines: Sequence[bytes], allowed: Allowed) -> WaitingRows | None:
    """Return the rows of lines, the number of the first given; None where one is odd."""
    text = b"".join(lines)
    if NUL in text or (len(text) > LONGEST and max(map(len, lines)) > LONGEST):
        return None
    rows = WaitingRows()
    try:
        parsed = [*map(orjson.loads, lines)]
        if {*map(TYPE, parsed)} - {"RECORD"}:
            return None
        streams, records = [*map(STREAM, parsed)], [*map(RECORD, parsed)]
        if {*map(type, records)} - {dict}:
            return None
        for stream, numbers in by_stream(first, streams):
            if stream not in allowed.streams:
                return None
            is_all = len(numbers) == len(records)
            own = records if is_all else [records[number - first] for number in numbers]
            for lines_alike, columns in by_columns(numbers, own):
                if not check_columns(stream, columns, allowed):
                    return None
                complete(stream, columns, len(lines_alike))
                rows.put(stream, lines_alike, columns)
    except (ValueError, KeyError, TypeError):
        return None
    rows.size = len(text)
    return rows


def by_stream(first: int, streams: Sequence[str]) -> Iterable[tuple[str, Sequence[int]]]:
    """Return the numbers of lines by their stream."""
    numbers = range(first, first + len(streams))
    if len({*streams}) <= 1:
        return [(stream, numbers) for stream in streams[:1]]
    alike = defaultdict[str, list[int]](list)
    for number, stream in zip(numbers, streams, strict=True):
        alike[stream].append(number)
    return alike.items()


def by_columns(
    numbers: Sequence[int], records: Sequence[dict[str, Any]]
) -> Iterator[tuple[Sequence[int], Columns]]:
    """Yield the columns of records that have the same ones, and the numbers of their lines."""
    names = tuple(records[0])
    if len(names) > 1 and len({*map(len, records)}) == 1:
        with suppress(KeyError):
            # Each has as many as the first, and all of its: no other.
            given = [*map(itemgetter(*names), records)]
            yield numbers, dict(zip(names, zip(*given, strict=True), strict=True))
            return
    alike = defaultdict[frozenset[str], list[int]](list)
    for at, record in enumerate(records):
        alike[frozenset(record)].append(at)
    for own, places in alike.items():
        columns: Columns = {name: [records[at][name] for at in places] for name in own}
        yield [numbers[at] for at in places], columns


def check_columns(stream: str, columns: Columns, allowed: Allowed) -> bool:
    """Tell whether columns of rows are all right; one that its check changes is replaced.

    Raises KeyError for an unknown column, WrongValue.
    """
    checks, keys, _ = STREAMS[stream]
    if "manager" in checks and allowed.manager is None:
        return False
    if not {*keys} <= columns.keys():
        return False
    for name, column in columns.items():
        check, types, given = checks[name], {*map(type, column)}, column
        if NONE in types:
            if name in keys:
                return False
            types.remove(NONE)
            given = [value for value in column if value is not None]
        if name == "manager" and {*column} != {allowed.manager}:
            return False
        if types and not all_fit(check, types, given):
            columns[name] = [None if value is None else check(value) for value in column]
    return True


def complete(stream: str, columns: Columns, count: int) -> None:
    """Let columns be those that are written: without the registry, with what is usual."""
    columns.pop("manager", None)
    for name, value in STREAMS[stream].defaults.items():
        if name not in columns:
            columns[name] = [value] * count


def all_fit(check: Callable[[Any], Any], types: Collection[type], column: Sequence[Any]) -> bool:
    """Tell whether a check would return these values as they are, as far as is quick to see."""
    if isinstance(check, Text):
        lengths = {*map(len, column)} if types == {str} else {-1}
        return min(lengths) >= check.least and max(lengths) <= check.most
    if check in LARGEST:
        least, most = LARGEST[check]
        return types == {int} and min(column) >= least and max(column) <= most
    return check is flag and types == {bool}
