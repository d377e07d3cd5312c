"""GitHub's API over HTTP: what its answers mean, its limits, its keys.

https://docs.github.com/rest/using-the-rest-api
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backfill.http.api_rules import Action, ApiRules, Headers, Judgement, retry_after
from backfill.http.client import Client
from backfill.http.errors import BLOCKED, MOVED, ApiError, in_one_line
from backfill.http.etag_cache import CachingClient
from backfill.http.rate_limit import LEFT_TO_OTHERS, RateLimit, Tell
from backfill.records import App, Webhook
from config.settings import BadSetting, Settings

NAME, TITLE = "github", "GitHub"
ADDRESS, KEY = "GITHUB_API_URL", "GITHUB_TOKEN"
REASONS = {
    401: "GitHub does not accept the key: it is wrong, expired or revoked",
    404: "not found, or the key may not see it",
    409: "the repository is empty",
    410: "GitHub says that it is gone",
    422: "GitHub refuses the request as invalid",
    451: "GitHub withholds it for legal reasons",
}
TAKEN = {200, 201, 202, 204, 304}
UNSTEADY = {500, 502, 503, 504}
LIMIT_WORDS = ("rate limit", "abuse detection")
EXPIRES = "github-authentication-token-expiration"
EXPIRY_FORMS = ("%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z")
ABOVE = re.compile(r"/(?:repos/[^/]+/[^/]+|repositories/[0-9]+)/")
REMEMBERED = re.compile(
    r"/(repos/[^/]+/[^/]+|(orgs|users)/[^/]+/repos\?.*|.*/hooks(\?.*)?|.*/deliveries\?.*)"
)
"""Repositories, lists of them, hooks and their logs: no page of these is stored."""


def judge(status: int, headers: Headers, message: str) -> Judgement:
    """Return what an answer means; `message` is the one in its body, if any."""
    if status in TAKEN:
        return Judgement(Action.TAKE)
    if status in MOVED:
        return Judgement(Action.FOLLOW)
    if status == 429 or (status == 403 and is_limit(headers, message)):
        return Judgement(Action.WAIT, retry_after(headers), "GitHub's limit on requests was met")
    if status in UNSTEADY:
        return Judgement(Action.AGAIN, retry_after(headers), f"GitHub answers {status}")
    return Judgement(Action.REFUSE, None, describe_refusal(status, headers, message))


def is_limit(headers: Headers, message: str) -> bool:
    """Tell a limit from a missing permission: GitHub answers 403 to both."""
    lowered = message.lower()
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or any(words in lowered for words in LIMIT_WORDS)
    )


def describe_refusal(status: int, headers: Headers, message: str) -> str:
    """Return why GitHub refuses, in a sentence."""
    if status == 403:
        return describe_forbidden(headers, message)
    why = REASONS.get(status, f"GitHub answers {status}")
    return f"{why} ({in_one_line(message)})" if message and status not in (401, 404, 409) else why


def describe_forbidden(headers: Headers, message: str) -> str:
    """Return what is missing for a 403: a SAML session, a permission, or something else."""
    if BLOCKED in message.lower():
        return f"GitHub has blocked it ({in_one_line(message)})"
    sso = headers.get("x-github-sso", "")
    if sso or "saml" in message.lower():
        _, _, link = sso.partition("url=")
        return "the organisation wants SAML: authorise the key for it" + (
            f" at {in_one_line(link)}" if link else ""
        )
    if wanted := headers.get("x-accepted-github-permissions"):
        return f"the key lacks a permission: {in_one_line(wanted)}"
    return f"GitHub forbids it ({in_one_line(message)})" if message else "GitHub forbids it"


def message_of(body: Any) -> str:
    """Return what GitHub says in words; for an invalid request, which part of it is wrong, too."""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    parts = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return ": ".join(str(one["message"]) for one in (body, *parts) if one.get("message"))


def expiry_of(headers: Headers) -> datetime | None:
    """Return when the key expires, in UTC without zone; None where that cannot be read.

    https://docs.github.com/rest/authentication/token-expiration-and-revocation
    """
    if EXPIRES not in headers:
        return None
    text = headers[EXPIRES].strip()
    for form in EXPIRY_FORMS:
        try:
            time = datetime.strptime(text, form)
            return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
        except (ValueError, OverflowError):
            continue
    return None


RULES = ApiRules(
    title=TITLE,
    address=ADDRESS,
    headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    authorization=lambda token: {"Authorization": f"Bearer {token}"},
    judge=judge,
    message_of=message_of,
    limit_headers=("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
    other_limit=("x-ratelimit-resource", frozenset({"search"})),
    per_minute=840,  # GitHub allows 900 points, and a GET is one: there is room for a burst
    expiry_of=expiry_of,
    page_key=lambda path: ABOVE.sub("", path, count=1),
    is_remembered=lambda path: "cursor=" not in path and bool(REMEMBERED.fullmatch(path)),
)


def open_client(
    settings: Settings, tell: Tell, *, left: float = LEFT_TO_OTHERS, caches: bool = False
) -> Client:
    """Return a client for GitHub or the server of GITHUB_API_URL; `tell` is told of waits.

    `left` is the part of the rate limit that it leaves to others; one that `caches` asks again for
    nothing that is unchanged.
    """
    source, limit = settings.sources["github"], RateLimit(RULES, tell, None, left)
    return (CachingClient if caches else Client)(source.url, source.token, limit)


def check_key(client: Client, tries: int) -> None:
    """Ask for what is left of the limit, which is free: it counts for nothing here either."""
    try:
        client.get("/rate_limit", tries=tries)
    except ApiError as problem:
        if not problem.is_gone:  # a server of one's own may have none
            raise
    client.rate_limit.sent = 0


APP_HOOK = Webhook(0, "/app/hook")
LEEWAY, LIFE = 60, 540
"""Seconds: GitHub's clock may be behind ours, and takes ten minutes at most."""


def read_app(settings: Settings) -> App | None:
    """Return the App that sends deliveries, if the settings name one."""
    number, pem = settings.source.app_id, settings.source.app_pem
    return App(number, pem) if number and pem else None


def open_app_client(app: App, other: Client) -> Client:
    """Return a client that is the App for nine minutes, as `other` is. Raises BadSetting."""
    try:
        key = load_pem_private_key(Path(app.pem).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise BadSetting("GITHUB_APP_PEM", "is no private key without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadSetting("GITHUB_APP_PEM", "is no RSA key")
    token = make_token(app.id, key, int(time.time()))
    limits = RateLimit(RULES, other.rate_limit.tell, None, other.rate_limit.left)
    return Client(other.base, token, limits)


def make_token(issuer: str, key: RSAPrivateKey, now: int) -> str:
    """Return a JWT that says who we are until nine minutes after `now` (epoch seconds)."""
    claims = {"iat": now - LEEWAY, "exp": now + LIFE, "iss": issuer}
    return jwt.encode(claims, key, algorithm="RS256")
