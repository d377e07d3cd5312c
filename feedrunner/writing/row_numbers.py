"""Sets of row numbers, of which a load has millions: a bit for each, in pages that are touched."""

from collections.abc import Iterable

PAGE = 16
"""Numbers of a page, as a power of two."""
BITS = 2**PAGE - 1


class Numbers:
    """A set of numbers from 0, which takes 8 KiB for each 65,536 of them that lie together."""

    def __init__(self) -> None:
        self.pages = dict[int, bytearray]()

    def add(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            page = self.pages.get(number >> PAGE)
            if page is None:
                page = self.pages[number >> PAGE] = bytearray(2**PAGE // 8)
            place = number & BITS
            page[place >> 3] |= 1 << (place & 7)

    def __contains__(self, number: int) -> bool:
        page, place = self.pages.get(number >> PAGE), number & BITS
        return page is not None and bool(page[place >> 3] & 1 << (place & 7))

    def __len__(self) -> int:
        return sum(int.from_bytes(page, "big").bit_count() for page in self.pages.values())
