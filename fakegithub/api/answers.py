"""A request as the routes see it, an answer, and the errors GitHub words in its own way."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fakegithub.api.access import Token
from fakegithub.api.hooks import Hooks
from fakegithub.payloads.templates import Json
from fakegithub.world.view import View

DOCS = "https://docs.github.com/rest"


class Answer(NamedTuple):
    """An HTTP answer; `body` None sends no body, text goes as it is, all else as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}

    def encode(self) -> bytes:
        """Return the body as bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what was asked, by whom, of which moment of the world."""

    method: str
    path: str
    query: Mapping[str, str]
    raw_query: str
    body: Any
    token: Token | None
    view: View
    base: str
    blobs: str
    hooks: Hooks
    # How many results of an unfiltered list can be paged through.
    depth: int = 40_000
    annotations: Mapping[int, list[Json]] = field(default_factory=dict)
    lost_logs: Mapping[int, int] = field(default_factory=dict)
    issues: Sequence[Json] = ()
    version: str = "2022-11-28"
    # Fields that GraphQL of an older server has not.
    lacking: frozenset[str] = frozenset()


class Logged(NamedTuple):
    """One request as the server saw it; `status` 0 is a connection that was reset."""

    method: str
    path: str
    status: int
    time: float
    counted: bool
    token: str | None
    fault: str | None


def error(status: int, message: str, **more: Any) -> Answer:
    """Return an error with GitHub's body."""
    body = {"message": message, "documentation_url": DOCS, "status": str(status), **more}
    return Answer(status, body)


def not_found() -> Answer:
    """Return 404, which is also the answer for what a token may not see."""
    return error(404, "Not Found")


def invalid(resource: str, name: str, code: str = "invalid") -> Answer:
    """Return 422 for a field with a bad value."""
    problem = {"resource": resource, "field": name, "code": code}
    return error(422, "Validation Failed", errors=[problem])


def moved(call: Call, location: str) -> Answer:
    """Return 301 to where a renamed repository is now."""
    url = f"{call.base}{location}"
    return Answer(
        301,
        {"message": "Moved Permanently", "url": url, "documentation_url": DOCS},
        {"Location": url},
    )
