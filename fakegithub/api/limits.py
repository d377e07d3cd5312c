"""GitHub's rate limits: so many requests an hour, so many points a minute, so many at once.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fakegithub.api.access import Token
from fakegithub.api.answers import Answer, error
from fakegithub.payloads.templates import Json

PRIMARY = "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, "
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

QUERIES_PER_MINUTE = 2000


@dataclass
class Account:
    """What one token (or the anonymous address) has used in its present hour and minute."""

    limit: int
    used: int = 0
    hour_ends: float = 0.0
    points: int = 0
    points_an_hour: int = 5000
    minute_ends: float = 0.0
    at_once: int = 0
    searches: list[float] = field(default_factory=list)


@dataclass
class Limits:
    """Counts requests and says when it is too many.

    `scale` 100 makes an hour 36 s long and a minute 0.6 s; `clock` gives seconds since 1970.
    """

    scale: float = 1.0
    anonymous: int = 60
    points_per_minute: int = 900
    at_once: int = 100
    enforced: bool = True
    clock: Callable[[], float] = time.time
    accounts: dict[str, Account] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    refusals: int = 0
    points: int = 0
    points_an_hour: int = 5000

    def account(self, token: Token | None) -> Account:
        """Return a token's account, its hour begun anew where that has ended."""
        name = "" if token is None else token.name
        limit = self.anonymous if token is None else token.limit
        account = self.accounts.setdefault(name, Account(limit))
        now = self.clock()
        if now >= account.hour_ends:
            account.used, account.hour_ends = 0, now + 3600 / self.scale
        if now >= account.minute_ends:
            account.points, account.minute_ends = 0, now + 60 / self.scale
        return account

    def enter(self, token: Token | None, method: str) -> Answer | None:
        """Count a request that comes in; return the refusal where there were too many."""
        with self.lock:
            account = self.account(token)
            account.at_once += 1
            account.points += 1 if method in ("GET", "HEAD", "OPTIONS") else 5
            if not self.enforced:
                return None
            if account.used >= account.limit:
                return self._refuse(PRIMARY, None)
            if account.points > self.points_per_minute or account.at_once > self.at_once:
                wait = max(1, math.ceil(account.minute_ends - self.clock()))
                return self._refuse(SECONDARY, wait)
            account.used += 1
            return None

    def as_graphql(self, token: Token | None) -> Token | None:
        """Return who has a token's hour of GraphQL."""
        name, limit = f"{token.name if token else ''} graphql", self.points_an_hour
        return token and replace(token, name=name, limit=limit)

    def enter_points(self, token: Token | None, points: int) -> Answer | None:
        """Count a query of GraphQL, which has an hour of its own; return the refusal of too many.

        https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
        """
        with self.lock:
            self.account(token).at_once += 1
            account = self.account(self.as_graphql(token))
            self.points += points
            account.points += 1
            if not self.enforced:
                return None
            if account.used + points > account.limit:
                self.refusals += 1
                said = {"type": "RATE_LIMITED", "message": PRIMARY}
                return Answer(200, {"errors": [said]})
            if account.points > QUERIES_PER_MINUTE or self.account(token).at_once > self.at_once:
                wait = max(1, math.ceil(account.minute_ends - self.clock()))
                return self._refuse(SECONDARY, wait)
            account.used += points
            return None

    def _refuse(self, message: str, wait: int | None) -> Answer:
        # GitHub uses both codes for both limits: here they take turns.
        self.refusals += 1
        refusal = error(403 if self.refusals % 2 else 429, message)
        return refusal if wait is None else refusal._replace(headers={"Retry-After": str(wait)})

    def leave(self, token: Token | None) -> None:
        """Count a request that was answered."""
        with self.lock:
            self.account(token).at_once -= 1

    def count_search(self, token: Token | None) -> int:
        """Count a search, and return how many there were in its minute, which is its limit's."""
        with self.lock:
            account, now = self.account(token), self.clock()
            account.searches = [time for time in account.searches if time > now - 60 / self.scale]
            account.searches.append(now)
            return len(account.searches) if self.enforced else 0

    def give_back(self, token: Token | None) -> None:
        """Return one request: a 304 to an authenticated request does not count."""
        with self.lock:
            account = self.account(token)
            account.used = max(0, account.used - 1)

    def state(self, token: Token | None) -> Json:
        """Return limit, used, remaining and reset, as /rate_limit shows them."""
        with self.lock:
            account = self.account(token)
            return {
                "limit": account.limit,
                "used": account.used,
                "remaining": account.limit - account.used,
                "reset": math.ceil(account.hour_ends),
            }

    def headers(self, token: Token | None, resource: str = "core") -> dict[str, str]:
        """Return the x-ratelimit headers of an answer."""
        state = self.state(token if resource == "core" else self.as_graphql(token))
        shown = {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in state.items()}
        return {**shown, "X-RateLimit-Resource": resource}
