"""Set a webhook up so that everything comes, or put right what keeps it from that."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from backfill.github import webhooks
from backfill.github.webhooks import Hook
from backfill.http.client import Client
from backfill.http.errors import Problem
from config.settings import BadSetting
from config.watched import chosen
from engines.mysql import is_loopback

HIDDEN = {403, 404}
FLAG, PATH = "--register", "/webhook"
PING_SECONDS, PAUSE = 15.0, 1.0
REPO_RIGHTS = (
    "admin rights to the repository and, for a classic key, the scope admin:repo_hook, for a "
    "fine-grained one the permission Webhooks (read and write)"
)
ORG_RIGHTS = (
    "to own the organisation and, for a classic key, the scope admin:org_hook, for a fine-grained "
    "one the organisation's permission Webhooks (read and write)"
)


class Place(NamedTuple):
    """Whose hooks are meant: an organisation's or a repository's, and where they are listed."""

    name: str
    path: str
    is_org: bool


def places(patterns: Sequence[str]) -> list[Place]:
    """Return the places that `-r` names, each once; an organisation covers its repositories."""
    meant = chosen(patterns)
    orgs = [Place(one, f"/orgs/{one}/hooks", True) for one in meant.owners]
    return orgs + [Place(one, f"/repos/{one}/hooks", False) for one in meant.names]


def checked_url(url: str) -> str:
    """Return the URL of a listener. Raises BadSetting."""
    try:
        parts, _ = urlsplit(url), urlsplit(url).port
    except ValueError:
        raise BadSetting("--register", "is not an address like https://HOST/webhook") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise BadSetting("--register", "is not an address like https://HOST/webhook")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise BadSetting("--register", "deliveries would come in clear: https is needed")
    if parts.path in ("", "/"):
        raise BadSetting("--register", f"has no path: the listener answers at {PATH}")
    return url


def refusal(client: Client, place: Place, problem: Problem) -> str:
    """Return in one line why the hooks of a place are not to be had, and what is missing."""
    if problem.status not in HIDDEN or "SAML" in str(problem):
        return f"{place.name}: {problem}"
    rights = ORG_RIGHTS if place.is_org else REPO_RIGHTS
    path = f"/users/{place.name}" if place.is_org else f"/repos/{place.name}"
    try:
        found = client.get(path, tries=2).body
    except Problem as other:
        return f"{place.name}: {other}"
    if place.is_org and found.get("type") == "User":
        return f"{place.name}: is a person, not an organisation: name repositories, org/repo"
    return f"{place.name}: the key may not manage its webhooks: it needs {rights}"


def settle(
    client: Client, place: Place, url: str, secret: str, known: Collection[int]
) -> tuple[Hook, str, int]:
    """Make or repair the hook of a place and have it pinged; `known` are hooks that delivered.

    Return it, what was done, and the last delivery before the ping. Raises Problem.
    """
    hook = webhooks.ours(webhooks.listed(client, place.path), url, known)
    if hook is None:
        hook = webhooks.create(client, place.path, url, secret)
        return hook, f"webhook {hook.id} was made, it delivers to {webhooks.plain(url)}", 0
    wrong = webhooks.wrongs(hook, url) + ([] if hook.is_json else ["sends forms, not JSON"])
    last = max((one.id for one in webhooks.last_sent(client, hook)), default=0)
    webhooks.repair(client, hook, url, secret)
    webhooks.ping(client, hook)
    done = f"was repaired: it {', '.join(wrong)}" if wrong else "is as it should be"
    return hook, f"webhook {hook.id} {done}; its secret was set anew", last


def answered(client: Client, hook: Hook, last: int) -> str:
    """Wait for what becomes of a ping after the delivery `last`, and return it in words."""
    until = time.monotonic() + PING_SECONDS
    while True:
        sent = [one for one in webhooks.last_sent(client, hook) if one.id > last]
        code = next((one.code for one in sent if one.event == "ping"), None)
        if code is not None:
            return told(code)
        if time.monotonic() > until:
            return "the ping is not sent yet: --check tells later what became of it"
        time.sleep(PAUSE)


def told(code: int) -> str:
    """Return what an answer to a ping means; 0 is none at all."""
    if 200 <= code < 300:
        return f"the ping was answered with {code}"
    if code == 401:
        return "the ping was answered with 401: the listener there has another secret"
    if code == 0:
        return "the ping was not answered: nothing listens there yet, or GitHub cannot reach it"
    return f"the ping was answered with {code}: that is not a listener, or it is not well"
