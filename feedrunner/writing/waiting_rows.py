"""Rows that wait to be written: a list for each column of those of a stream that have the same.

A record for each row takes Python longer than to check it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from feedrunner.messages import Record

Shape = tuple[str, tuple[str, ...]]
"""A stream, and the names of columns, sorted."""


class Rows(NamedTuple):
    """Rows of a stream that have the same columns, in the order of their lines."""

    stream: str
    numbers: list[int]
    """The number of each one's line."""
    columns: dict[str, list[Any]]

    def sort(self) -> None:
        """Bring them into the order of their lines."""
        order = sorted(range(len(self.numbers)), key=self.numbers.__getitem__)
        for column in (self.numbers, *self.columns.values()):
            column[:] = [column[at] for at in order]

    def records(self) -> Iterable[Record]:
        """Return them one by one."""
        values = zip(*self.columns.values(), strict=True)
        return [
            Record(number, self.stream, dict(zip(self.columns, row, strict=True)))
            for number, row in zip(self.numbers, values, strict=True)
        ]


class WaitingRows:
    """Rows of streams, whose lines followed each other."""

    def __init__(self) -> None:
        self.by_shape = dict[Shape, Rows]()
        self.count = self.size = 0
        """How many, and the bytes of their lines, about."""

    def put(
        self, stream: str, numbers: Sequence[int], columns: Mapping[str, Sequence[Any]]
    ) -> None:
        """Add rows by their columns."""
        names = tuple(sorted(columns))
        rows = self.by_shape.get((stream, names))
        if rows is None:
            rows = Rows(stream, [], {name: [] for name in names})
            self.by_shape[stream, names] = rows
        is_later = not rows.numbers or rows.numbers[-1] < numbers[0]
        rows.numbers.extend(numbers)
        for name, own in rows.columns.items():
            own.extend(columns[name])
        self.count += len(numbers)
        if not is_later:
            rows.sort()

    def add(self, other: "WaitingRows") -> None:
        """Add the rows that another one holds."""
        for rows in other.by_shape.values():
            self.put(rows.stream, rows.numbers, rows.columns)
        self.size += other.size

    def cut(self, line: int) -> "WaitingRows":
        """Take out the rows of the lines up to this one, and return them."""
        taken, whole, size = WaitingRows(), self.count, self.size
        for shape, rows in [*self.by_shape.items()]:
            end = bisect_right(rows.numbers, line)
            if end == len(rows.numbers):
                taken.by_shape[shape] = self.by_shape.pop(shape)
            elif end:
                first = {name: column[:end] for name, column in rows.columns.items()}
                taken.by_shape[shape] = Rows(rows.stream, rows.numbers[:end], first)
                for column in (rows.numbers, *rows.columns.values()):
                    del column[:end]
            taken.count += end
        self.count -= taken.count
        self.size = size * self.count // (whole or 1)
        taken.size = size - self.size
        return taken

    def of(self, stream: str) -> list[Rows]:
        """Return the rows of a stream, by their columns."""
        return [rows for rows in self.by_shape.values() if rows.stream == stream]

    def first(self) -> Rows:
        """Return the rows among which that of the first line is."""
        return min(self.by_shape.values(), key=lambda rows: rows.numbers[0])

    def last(self) -> Rows:
        """Return the rows among which that of the last line is."""
        return max(self.by_shape.values(), key=lambda rows: rows.numbers[-1])


def single_row(record: Record) -> WaitingRows:
    """Return a row that came alone."""
    rows = WaitingRows()
    rows.put(record.stream, [record.number], {name: [own] for name, own in record.values.items()})
    rows.size = record.size
    return rows


def records_of(shapes: Sequence[Rows]) -> list[Record]:
    """Return rows one by one, in the order of their lines."""
    records = [record for rows in shapes for record in rows.records()]
    return sorted(records, key=lambda record: record.number) if len(shapes) > 1 else records
