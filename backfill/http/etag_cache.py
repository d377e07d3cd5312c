"""A client that remembers single answers, so that asking again costs nothing while they hold.

The other memory of ETags, the table `etags`, is of pages whose rows are stored: what is unchanged
there need not be read. Here the body is wanted again, of what no row holds.
"""

from collections import OrderedDict

from backfill.http.client import TRIES, ApiAnswer, Client
from backfill.http.rate_limit import RateLimit

MOST = 5000


class CachingClient(Client):
    """Asks for what it has seen before with the ETag it had."""

    def __init__(self, base: str, token: str | None, rate_limit: RateLimit) -> None:
        super().__init__(base, token, rate_limit)
        self.memory: OrderedDict[str, ApiAnswer] = OrderedDict()

    def get(self, path: str, etag: str | None = None, tries: int = TRIES) -> ApiAnswer:
        """Return the answer to GET `path`, from memory where it is unchanged. Raises as Client."""
        if etag is not None or not self.rules.is_remembered(path):
            return super().get(path, etag, tries)
        remembered = self.memory.get(path)
        answer = super().get(path, remembered.etag if remembered else None, tries)
        if answer.body is None and remembered is not None:
            return remembered
        if answer.etag:
            self.memory[path] = answer
            if len(self.memory) > MOST:
                self.memory.popitem(last=False)
        return answer
