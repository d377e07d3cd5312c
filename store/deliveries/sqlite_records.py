"""Read the records of a table out of an SQLite file that SQLite itself refuses.

Whatever looks like a record is given: the caller knows by a digest which ones are whole. Nothing is
believed but the bytes of a record itself, neither the pages' heads nor the tree above them.
https://www.sqlite.org/fileformat2.html (2.1 records, 1.6 cells and overflow, 4.1 the log).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PAGE = 4096  # what every file of ours has
LOG_HEAD, FRAME_HEAD = 32, 24
LONGEST = 200_000_000  # bytes of one record
Value = int | bytes | None


class Record(NamedTuple):
    """A record that was found: its rowid, and values with text as bytes."""

    rowid: int
    values: list[Value]


class Pages(NamedTuple):
    """Every image of a page, the oldest first, and the newest image by the page's number."""

    images: list[bytes]
    newest: dict[int, bytes]


def read_records(file: Path, columns: int) -> Iterator[Record]:
    """Yield what looks like a record of a table whose first column is its rowid. Raises OSError."""
    pages = read_pages(file)
    # The size of the head, nothing for the rowid, then a text: no record of ours begins otherwise.
    start = re.compile(rb"(?s)[%c-\x40]\x00(?=[\x0d-\xff])" % (columns + 1))
    for image in pages.images:
        for match in start.finditer(image):
            record = read_record(image, match.start(), columns, pages.newest)
            if record is not None:
                yield record


def read_pages(file: Path) -> Pages:
    """Return the pages of a file and of its log."""
    data, log = content(file), content(file.with_name(file.name + "-wal"))
    numbered = [(at // PAGE + 1, data[at : at + PAGE]) for at in range(0, len(data), PAGE)]
    step = FRAME_HEAD + PAGE
    for at in range(LOG_HEAD, len(log), step):
        head, image = log[at : at + FRAME_HEAD], log[at + FRAME_HEAD : at + step]
        numbered.append((int.from_bytes(head[:4], "big"), image))
    return Pages([image for _, image in numbered], dict(numbered))


def content(file: Path) -> bytes:
    """Return a file's bytes; none where it is not there."""
    return file.read_bytes() if file.exists() else b""


def read_record(image: bytes, at: int, columns: int, newest: dict[int, bytes]) -> Record | None:
    """Return the record whose head begins at a place of a page; None where none is whole there."""
    end, place, types = at + image[at], at + 1, list[int]()
    while place < end <= len(image):
        kind, place = varint(image, place)
        types.append(kind)
    if place != end or len(types) != columns:
        return None
    size = image[at] + sum(map(width, types))
    if size > LONGEST:
        return None
    payload = image[at : at + local(size)]
    if local(size) < size:
        link = image[at + local(size) : at + local(size) + 4]
        payload += overflow(int.from_bytes(link, "big"), size - local(size), newest)
    if len(payload) < size:
        return None
    return Record(rowid_before(image, at), values(payload, image[at], types))


def values(payload: bytes, at: int, types: list[int]) -> list[Value]:
    """Return the values behind a record's head."""
    read = list[Value]()
    for kind in types:
        raw = payload[at : at + width(kind)]
        read.append(raw if kind >= 12 else None if kind == 0 else integer(kind, raw))
        at += width(kind)
    return read


def integer(kind: int, raw: bytes) -> int:
    """Return the value of a number; 8 and 9 are 0 and 1 without a byte."""
    return kind - 8 if kind in (8, 9) else int.from_bytes(raw, "big", signed=True)


def width(kind: int) -> int:
    """Return how many bytes a value takes, by its serial type."""
    return (kind - 12) // 2 if kind >= 12 else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]


def local(size: int) -> int:
    """Return how many bytes of a payload stand in the leaf itself."""
    most, least = PAGE - 35, (PAGE - 12) * 32 // 255 - 23
    if size <= most:
        return size
    kept = least + (size - least) % (PAGE - 4)
    return kept if kept <= most else least


def overflow(number: int, size: int, newest: dict[int, bytes]) -> bytes:
    """Return the rest of a payload from its chain of pages, as far as it goes."""
    parts, seen = list[bytes](), set[int]()
    while size > 0 and number in newest and number not in seen:
        seen.add(number)
        page = newest[number]
        parts.append(page[4 : 4 + size])
        size -= PAGE - 4
        number = int.from_bytes(page[:4], "big")
    return b"".join(parts)


def varint(image: bytes, at: int) -> tuple[int, int]:
    """Return a number of one to nine bytes, and where the next begins."""
    number = 0
    for place, byte in enumerate(image[at : at + 8], at + 1):
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, place
    return number << 8 | (image[at + 8] if at + 8 < len(image) else 0), at + 9


def rowid_before(image: bytes, at: int) -> int:
    """Return the number that ends at a place: bytes before its last one have their high bit set."""
    start = at - 1
    while start > max(at - 9, 0) and image[start - 1] >= 0x80:
        start -= 1
    return varint(image, max(start, 0))[0]
