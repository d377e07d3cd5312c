"""What a sender can be told: the shapes of every answer of the public port."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

RETRY_SECONDS = 30


class Answer(NamedTuple):
    """An HTTP status and the JSON object that goes with it."""

    code: int
    body: dict[str, object]

    @property
    def status(self) -> str:
        """The one word that says what became of the delivery."""
        return str(self.body["status"])

    @property
    def text(self) -> bytes:
        """The body of the answer."""
        return word(self.status) if len(self.body) == 1 else json.dumps(self.body).encode()

    @property
    def why(self) -> str | None:
        """The reason that a log line should have; None where all went well."""
        why = self.body.get("error") or self.body.get("reason")
        return None if why is None else str(why)


@lru_cache(maxsize=16)
def word(status: str) -> bytes:
    """Return the body of an answer that is no more than its status, as most are."""
    return json.dumps({"status": status}).encode()


ALIVE = Answer(200, {"status": "alive"})
READY = Answer(200, {"status": "ready"})
# Red makes a balancer drop deliveries, so it means that nothing durable can be written.
NOT_READY = Answer(503, {"status": "unavailable"})
PONG = Answer(200, {"status": "pong"})
SPOOLED = Answer(202, {"status": "spooled"})


def stored(outcome: str) -> Answer:
    """Say that the delivery and its rows are committed: `applied` now, or a `duplicate`."""
    return Answer(200, {"status": outcome})


def ignored(why: str, watched: Sequence[str] = ()) -> Answer:
    """Say that no row comes of this delivery, and which repositories are watched."""
    more = {"watched": list(watched)} if watched else {}
    return Answer(200, {"status": "ignored", "reason": why, **more})


def quarantined(error: str) -> Answer:
    """Say that the delivery is kept as it came, because its rows could not be made."""
    return Answer(202, {"status": "quarantined", "error": error})


def refused(code: int, error: str) -> Answer:
    """Say what is wrong with the request; nothing of it was stored."""
    return Answer(code, {"status": "refused", "error": error})


NOT_FOUND = (
    "Not Found: deliveries go to /webhook; the pages are dashboard.py's, http://localhost:5001/"
    " unless told otherwise"
)
CUT_OFF = (400, "the body is shorter than its Content-Length, or its chunks are malformed")
UNAVAILABLE = Answer(503, {"status": "unavailable", "error": "nothing was stored, deliver again"})


def headers(code: int, length: int) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer; browsers and caches are told to do nothing with it."""
    lines = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % length),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    if code == UNAVAILABLE.code:
        lines.append((b"retry-after", b"%d" % RETRY_SECONDS))
    return lines


@lru_cache(maxsize=64)
def head_lines(code: int, length: int, is_kept: bool) -> bytes:
    """Return the lines of an answer's head but those that every answer of a server has."""
    lines = headers(code, length)
    if not is_kept:
        lines.append((b"connection", b"close"))
    return b"".join(written(lines))


def written(lines: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield lines of a head as they are sent."""
    return (b"%b: %b\r\n" % line for line in lines)
