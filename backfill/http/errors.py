"""What an answer of GitHub means: go on, wait, try again, or a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple


class Fate(Enum):
    """What to do with an answer."""

    TAKE = auto()
    FOLLOW = auto()
    WAIT = auto()
    AGAIN = auto()
    REFUSED = auto()


class Verdict(NamedTuple):
    """What to do; `seconds` to wait when GitHub says so, `why` in a sentence."""

    fate: Fate
    seconds: int | None = None
    why: str = ""


class ApiError(Exception):
    """What GitHub refuses, in a sentence for people; `status` 0 when it did not answer at all."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status

    @property
    def is_unanswered(self) -> bool:
        """Tell whether the server did not answer at all."""
        return self.status == 0

    @property
    def is_bad_key(self) -> bool:
        """Tell whether the key is not accepted: no other request will be, either."""
        return self.status == 401

    @property
    def is_empty(self) -> bool:
        """Tell whether the repository has no commit yet."""
        return self.status == 409


BAD_KEY = "GitHub does not accept the key: it is wrong, expired or revoked"
REASONS = {
    401: BAD_KEY,
    404: "not found, or the key may not see it",
    409: "the repository is empty",
    410: "GitHub says that it is gone",
    422: "GitHub refuses the request as invalid",
    451: "GitHub withholds it for legal reasons",
}
TAKEN = {200, 201, 202, 204, 304}
MOVED = {301, 302, 303, 307, 308}
UNSTEADY = {500, 502, 503, 504}
LIMIT_WORDS = ("rate limit", "abuse detection")


def judge(status: int, headers: Mapping[str, str], message: str) -> Verdict:
    """Return what an answer means; `message` is the one in its body, if any."""
    if status in TAKEN:
        return Verdict(Fate.TAKE)
    if status in MOVED:
        return Verdict(Fate.FOLLOW)
    if status == 429 or (status == 403 and is_limit(headers, message)):
        return Verdict(Fate.WAIT, seconds_of(headers), "GitHub's limit on requests was met")
    if status in UNSTEADY:
        return Verdict(Fate.AGAIN, seconds_of(headers), f"GitHub answers {status}")
    return Verdict(Fate.REFUSED, None, reason(status, headers, message))


def is_limit(headers: Mapping[str, str], message: str) -> bool:
    """Tell a limit from a missing permission: GitHub answers 403 to both."""
    lowered = message.lower()
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or any(words in lowered for words in LIMIT_WORDS)
    )


def seconds_of(headers: Mapping[str, str]) -> int | None:
    """Return what Retry-After says, in seconds."""
    text = headers.get("retry-after", "")
    return int(text) if text.isdecimal() else None


def reason(status: int, headers: Mapping[str, str], message: str) -> str:
    """Return why GitHub refuses, in a sentence."""
    if status == 403:
        return forbidden(headers, message)
    told = REASONS.get(status, f"GitHub answers {status}")
    return f"{told} ({plain(message)})" if message and status not in (401, 404, 409) else told


def forbidden(headers: Mapping[str, str], message: str) -> str:
    """Return what is missing for a 403: a SAML session, a permission, or something else."""
    sso = headers.get("x-github-sso", "")
    if sso or "saml" in message.lower():
        _, _, link = sso.partition("url=")
        return "the organisation wants SAML: authorise the key for it" + (
            f" at {plain(link)}" if link else ""
        )
    if wanted := headers.get("x-accepted-github-permissions"):
        return f"the key lacks a permission: {plain(wanted)}"
    return f"GitHub forbids it ({plain(message)})"


def plain(text: str) -> str:
    """Return a stranger's text in one short line."""
    return ascii(" ".join(text.split())[:200])[1:-1]
