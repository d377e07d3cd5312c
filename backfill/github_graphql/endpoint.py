"""GitHub's GraphQL over HTTP: its own limit, in points, and errors inside of answers that say 200.

https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from typing import Any
from weakref import WeakKeyDictionary

from backfill.http.api_rules import Action, ApiRules, Headers, Judgement, retry_after
from backfill.http.client import Client
from backfill.http.errors import ApiError, in_one_line
from backfill.http.rate_limit import BudgetSpent, RateLimit
from backfill.records import Json

TRIES = 3
PER_MINUTE = 1200
"""Queries; a minute has 2,000 points, and one that changes nothing is one of them."""
OVERLOADED = ("timeout", "timed out", "resource limit", "something went wrong")
"""Words of an error that a smaller query may not meet."""


class PointsLimit(RateLimit):
    """GraphQL's own hour. Its requests count for --max-requests, and end with those of REST."""

    def __init__(self, rules: ApiRules, first: RateLimit) -> None:
        super().__init__(rules, first.tell, None, first.left)
        self.first = first

    def enter(self) -> None:
        """Count a request, once it may be made. Raises BudgetSpent and RequestsStopped."""
        with self.first.changed:
            if self.first.most is not None and self.first.sent >= self.first.most:
                raise BudgetSpent
            self.first.sent += 1
        super().enter()

    def wait_needed(self, now: float) -> tuple[float, str]:
        """Return how long the next request has to wait, and what for."""
        self.stopped = self.stopped or self.first.stopped
        seconds, why = super().wait_needed(now)
        return (1.0, "") if self.stopped else (seconds, why.replace("requests", "points"))


class Endpoint:
    """Where a server answers GraphQL.

    `refusal` says why it is asked no more, `is_told` whether people are still to hear of it.
    """

    def __init__(self, client: Client) -> None:
        rules = client.rules._replace(
            judge=judge_by(client.rules),
            other_limit=("x-ratelimit-resource", frozenset({"search", "core"})),
            per_minute=PER_MINUTE,
        )
        # https://docs.github.com/enterprise-server/graphql: /api/graphql beside /api/v3
        base = client.base.removesuffix("/v3")
        self.client = Client(base, client.token, PointsLimit(rules, client.rate_limit))
        self.refusal: ApiError | None = None
        self.is_told = True
        if not client.token:
            self.refusal = ApiError("it wants a key", 401)

    def ask(self, query: str, **variables: Any) -> tuple[Json, list[str]]:
        """Return a query's data, and in words what of it is lacking. Raises ApiError.

        What was too much at once is an error of a server's (502).
        """
        sent = {"query": query, "variables": variables}
        body = self.client.send("POST", "/graphql", sent, TRIES).body
        errors = body.get("errors") if isinstance(body, dict) else None
        listed = [one for one in errors if isinstance(one, dict)] if errors else []
        words = [in_one_line(str(one.get("message"))) for one in listed]
        data = body.get("data") if isinstance(body, dict) else None
        if any(part in word.lower() for word in words for part in OVERLOADED):
            raise ApiError(words[0], 502)
        if not isinstance(data, dict):
            raise ApiError(words[0] if words else "the answer has no data", 422)
        return data, words


def judge_by(rules: ApiRules) -> Any:
    """Return how answers are judged: as those of REST, but a limit may come with 200."""

    def judge(status: int, headers: Headers, message: str) -> Judgement:
        if status == 200 and "rate limit" in message.lower():
            why = f"{rules.title}'s limit on points was met"
            return Judgement(Action.WAIT, retry_after(headers), why)
        return rules.judge(status, headers, message)

    return judge


ENDPOINTS: WeakKeyDictionary[Client, Endpoint] = WeakKeyDictionary()


def endpoint_of(client: Client) -> Endpoint:
    """Return the endpoint of the server that a client asks, the same for all repositories."""
    return ENDPOINTS.setdefault(client, Endpoint(client))
