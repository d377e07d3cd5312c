"""A client that remembers single answers, so that asking again costs nothing while they hold.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import re
from collections import OrderedDict

from backfill.http.client import TRIES, Answer, Client
from backfill.http.rate_limit import RateLimit

KEPT = re.compile(
    r"/(repos/[^/]+/[^/]+|(orgs|users)/[^/]+/repos\?.*|.*/hooks(\?.*)?|.*/deliveries\?.*)"
)
"""Repositories, lists of them, hooks and their logs: no page of these is stored."""
MOST = 5000


class CachingClient(Client):
    """Asks for what it has seen before with the ETag it had."""

    def __init__(self, base: str, token: str | None, rate_limit: RateLimit) -> None:
        super().__init__(base, token, rate_limit)
        self.memory: OrderedDict[str, Answer] = OrderedDict()

    def get(self, path: str, etag: str | None = None, tries: int = TRIES) -> Answer:
        """Return the answer to GET `path`, from memory where it is unchanged. Raises as Client."""
        if etag is not None or "cursor=" in path or not KEPT.fullmatch(path):
            return super().get(path, etag, tries)
        kept = self.memory.get(path)
        answer = super().get(path, kept.etag if kept else None, tries)
        if answer.body is None and kept is not None:
            return kept
        if answer.etag:
            self.memory[path] = answer
            if len(self.memory) > MOST:
                self.memory.popitem(last=False)
        return answer
