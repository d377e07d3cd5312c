"""Tell a list whose pages lead on for ever: empty ones, or those that came before."""

from typing import Any

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.smaller_pages import count_items

MOST_EMPTY = 2
"""Pages in a row without an item that may lead on."""


class Course:
    """The pages of a list so far: tells one without end, of empty pages or of those that came."""

    def __init__(self) -> None:
        self.pages = self.empty = 0
        self.kept: Any = None

    def follow(self, client: Client, body: Any, nextpage: str | None) -> None:
        """Take a page that was read. Raises ApiError where the list does not end.

        Each page is compared with the last whose number is a power of two: so a circle of any
        length is met, before it was gone through four times.
        """
        if nextpage is None or body is None:
            return
        self.empty = 0 if count_items(body) else self.empty + 1
        if self.empty > MOST_EMPTY or (not self.empty and body == self.kept):
            raise ApiError(describe_endless(client))
        if self.empty:
            return
        self.pages += 1
        if self.pages & (self.pages - 1) == 0:
            self.kept = body


def describe_endless(client: Client) -> str:
    """Return in words that a list leads round in circles."""
    return f"{client.rules.title}'s list does not end: its pages repeat"
