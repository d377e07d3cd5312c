"""Webhooks of a repository or an organisation: which is ours, what is wrong with it, setting it up.

Reading them needs admin rights, and the scope admin:repo_hook (admin:org_hook) or the permission
Webhooks. GitHub never shows a hook's secret.
https://docs.github.com/rest/repos/webhooks and https://docs.github.com/rest/orgs/webhooks
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_field, read_named
from backfill.records import Json, Repository, Webhook
from backfill.webhook_address import is_same, without_secrets
from rows import fields
from rows.sources import source_of

EVENTS = source_of("github").events
SHOWN = 5
EVERY = "*"


class SentDelivery(NamedTuple):
    """One line of a hook's log: `code` 0 where no answer came."""

    id: int
    event: str
    code: int


def read_hook(record: Json, place: str) -> Webhook:
    """Return a hook of the list at `place`, such as /repos/org/repo/hooks."""
    config = fields.child(record, "config", "hook") or {}
    response = fields.child(record, "last_response", "hook") or {}
    return Webhook(
        id=(number := read_field(fields.number, record, "id", "hook")),
        path=f"{place}/{number}",
        url=fields.text(config, "url", "hook.config") or "",
        is_active=bool(record.get("active")),
        events=frozenset(fields.texts(record, "events", "hook")),
        is_json=config.get("content_type") == "json",
        is_verified=str(config.get("insecure_ssl", "0")) == "0",
        code=fields.number(response, "code", "last_response"),
        changetime=fields.moment(record, "updated_at", "hook"),
    )


def list_hooks_at(client: Client, path: str) -> list[Webhook]:
    """Return the hooks of a list. Raises ApiError: 403 and 404 are a lack of rights."""
    pages = fetch_pages(client, f"{path}?per_page=100", know_nothing)
    listed = [read_named(page.body) for page in pages]
    hooks = [read_hook(record, path) for records, _ in listed for record in records]
    if not hooks and any(odd for _, odd in listed):
        raise ApiError("the list of webhooks cannot be read: no id")
    return hooks


def list_hooks(
    client: Client, repository: Repository, seen: dict[str, list[Webhook] | None]
) -> list[Webhook] | None:
    """Return the hooks of a repository and of its organisation; None where the key sees none.

    Lists that are in `seen` are not asked for again. Raises ApiError.
    """
    owner = fields.child(repository.record, "owner", "repository") or {}
    login = fields.text(owner, "login", "repository.owner")
    of_owner = [f"/orgs/{login}/hooks"] if login and owner.get("type") == "Organization" else []
    paths = [f"{repository.path}hooks", *of_owner]
    for path in paths:
        if path not in seen:
            seen[path] = list_visible_hooks(client, path)
    visible = [hooks for path in paths if (hooks := seen[path]) is not None]
    return [hook for hooks in visible for hook in hooks] if visible else None


def list_visible_hooks(client: Client, path: str) -> list[Webhook] | None:
    """Return the hooks of a list; None where the key may not see any. Raises ApiError."""
    try:
        return list_hooks_at(client, path)
    except ApiError as problem:
        if not problem.is_hidden:
            raise
        return None


def find_our_hook(
    hooks: Iterable[Webhook], url: str | None, known: Collection[int]
) -> Webhook | None:
    """Return our hook: the one that points to `url`, else the only one that is known to deliver."""
    candidates = list(hooks)
    there = [one for one in candidates if url is not None and is_same(one.url, url)]
    delivered = [one for one in candidates if one.id in known]
    alone = delivered if len(delivered) == 1 else []
    return next(iter(there or alone), None)


def list_faults(hook: Webhook, url: str | None) -> list[str]:
    """Return what keeps a hook from delivering everything to `url`, in words."""
    faults = []
    if not hook.is_active:
        faults.append("is disabled")
    if url is not None and not is_same(hook.url, url):
        faults.append(f"points to {without_secrets(hook.url)}, not to {without_secrets(url)}")
    missing = [event for event in EVENTS if not {event, EVERY} & hook.events]
    if missing:
        faults.append(f"lacks the events {', '.join(missing)}")
    if not hook.is_verified:
        faults.append("does not verify the certificate")
    return faults


def hook_body(url: str, secret: str, events: Iterable[str]) -> Json:
    """Return the body that makes or changes a hook; what a config leaves out is lost."""
    config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
    return {"active": True, "events": list(events), "config": config}


def create_hook(client: Client, place: str, url: str, secret: str) -> Webhook:
    """Make a hook; GitHub pings it. Raises ApiError."""
    body = {"name": "web", **hook_body(url, secret, EVENTS)}
    try:
        return read_hook(client.send("POST", place, body).body, place)
    except ApiError as problem:
        # An answer that was lost on its way: the first request had made it.
        made = find_our_hook(list_hooks_at(client, place), url, ()) if problem.is_invalid else None
        if made is None:
            raise
        return made


def repair_hook(client: Client, hook: Webhook, url: str, secret: str) -> None:
    """Set everything about a hook anew, its secret too, which nobody can look at. Raises ApiError.

    Events that we do not need stay: somebody may have wanted them.
    """
    events = [EVERY] if EVERY in hook.events else dict.fromkeys([*EVENTS, *sorted(hook.events)])
    client.send("PATCH", hook.path, hook_body(url, secret, events))


def list_sent(client: Client, hook: Webhook) -> list[SentDelivery]:
    """Return the latest lines of a hook's log, newest first. Raises ApiError."""
    log, _ = read_named(client.get(f"{hook.path}/deliveries?per_page={SHOWN}").body or [])
    at = "delivery"
    return [
        SentDelivery(
            line["id"],
            fields.text(line, "event", at) or "",
            fields.number(line, "status_code", at) or 0,
        )
        for line in log
    ]
