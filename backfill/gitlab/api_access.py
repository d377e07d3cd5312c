"""GitLab's API over HTTP: what its answers mean, its limits, its keys.

https://docs.gitlab.com/api/rest/ and https://docs.gitlab.com/api/rest/troubleshooting/
"""

from collections.abc import Mapping
from typing import Any

from backfill.http.api_rules import Action, ApiRules, Headers, Judgement, retry_after
from backfill.http.client import Client
from backfill.http.errors import MOVED, ApiError, in_one_line
from backfill.http.etag_cache import CachingClient
from backfill.http.rate_limit import LEFT_TO_OTHERS, RateLimit, Tell
from config.settings import Settings

NAME, TITLE = "gitlab", "GitLab"
ADDRESS, KEY = "GITLAB_URL", "GITLAB_TOKEN"
BELOW = "/api/v4"
REASONS = {
    401: "GitLab does not accept the key: it is wrong, expired or revoked",
    403: "GitLab forbids it: the key lacks a scope or a role",
    404: "not found, or the key may not see it",
    422: "GitLab refuses the request as invalid",
}
TAKEN = {200, 201, 202, 204, 304}
UNSTEADY = {500, 502, 503, 504}


def judge(status: int, headers: Headers, message: str) -> Judgement:
    """Return what an answer means; `message` is the one in its body, if any."""
    if status in TAKEN:
        return Judgement(Action.TAKE)
    if status in MOVED:
        return Judgement(Action.FOLLOW)
    if status == 429:
        return Judgement(Action.WAIT, retry_after(headers), "GitLab's limit on requests was met")
    if status in UNSTEADY:
        return Judgement(Action.AGAIN, retry_after(headers), f"GitLab answers {status}")
    why = REASONS.get(status, f"GitLab answers {status}")
    return Judgement(
        Action.REFUSE,
        None,
        f"{why} ({in_one_line(message)})" if message and status not in (401, 404) else why,
    )


def message_of(body: Any) -> str:
    """Return what GitLab says in words: a text, a list of them, or such by the field."""
    if not isinstance(body, Mapping):
        return ""
    said = body.get("message") or body.get("error_description") or body.get("error")
    if isinstance(said, Mapping):
        return "; ".join(f"{key} {message_of({'message': said[key]})}" for key in said)
    if isinstance(said, list):
        return ", ".join(map(str, said))
    return said if isinstance(said, str) else ""


RULES = ApiRules(
    title=TITLE,
    address=ADDRESS,
    headers={"Accept": "application/json"},
    authorization=lambda token: {"PRIVATE-TOKEN": token},
    judge=judge,
    message_of=message_of,
    # Its limits are of a minute, and a server of one's own has none: 429 says when to wait.
    limit_headers=("", "", ""),
    other_limit=("", frozenset()),
    per_minute=400,  # of one project; of all together GitLab.com allows 2,000
    expiry_of=lambda headers: None,
    page_key=lambda path: path,
    is_remembered=lambda path: False,
)


def open_client(
    settings: Settings, tell: Tell, *, left: float = LEFT_TO_OTHERS, caches: bool = False
) -> Client:
    """Return a client for the server of GITLAB_URL; `tell` is told of waits.

    `left` is the part of the rate limit that it leaves to others; one that `caches` asks again for
    nothing that is unchanged.
    """
    source, limit = settings.sources["gitlab"], RateLimit(RULES, tell, None, left)
    return (CachingClient if caches else Client)(f"{source.url}{BELOW}", source.token, limit)


def check_key(client: Client, tries: int) -> None:
    """Ask for the version, which every key may see. Raises ApiError."""
    try:
        client.get("/version", tries=tries)
    except ApiError as problem:
        if not problem.is_hidden:  # an odd scope, or a server without it
            raise
