"""The webhook endpoints, of repositories and organisations alike.

https://docs.github.com/en/rest/repos/webhooks and /en/rest/orgs/webhooks
"""

import threading
from typing import Any
from urllib.parse import urlencode

from fakegithub.api import delivering
from fakegithub.api.answers import Answer, Call, invalid, not_found
from fakegithub.api.hooks import Hook, Record
from fakegithub.api.pages import number, page_of
from fakegithub.payloads.templates import API, Json, iso
from fakegithub.world.shapes import moment

MASKED = "********"


def hooks_of(call: Call, repo_id: int | None, owner: str | None) -> list[Hook]:
    """Return the hooks of a repository or of an organisation."""
    found = call.hooks.hooks.values()
    return [hook for hook in found if (hook.repo_id, hook.owner) == (repo_id, owner)]


def answer(call: Call, path: str, base: str, repo_id: int | None, owner: str | None) -> Answer:
    """Answer a call below `base` (`/repos/o/r/hooks` or `/orgs/o/hooks`); `path` is the rest."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        if call.method == "POST":
            return _create(call, base, repo_id, owner)
        page = page_of(call, hooks_of(call, repo_id, owner), path=base)
        return Answer(200, [hook_json(hook, base) for hook in page.items], page.headers)
    found = [hook for hook in hooks_of(call, repo_id, owner) if str(hook.id) == parts[0]]
    if not found:
        return not_found()
    return _one(call, found[0], parts[1:], base)


def _one(call: Call, hook: Hook, rest: list[str], base: str) -> Answer:
    match call.method, rest:
        case "GET", []:
            return Answer(200, hook_json(hook, base))
        case "PATCH", []:
            return _change(call, hook, base)
        case "DELETE", []:
            del call.hooks.hooks[hook.id]
            return Answer(204, None)
        case "GET", ["config"]:
            return Answer(200, config_json(hook))
        case "PATCH", ["config"]:
            _configure(hook, call.body or {})
            return Answer(200, config_json(hook))
        case "POST", ["pings" | "tests"]:
            _later(call, hook)
            return Answer(204, None)
        case "GET", ["deliveries"]:
            return _deliveries(call, hook, f"{base}/{hook.id}/deliveries")
        case "GET", ["deliveries", wanted]:
            found = _find(call, hook, wanted)
            return not_found() if found is None else Answer(200, record_json(found, hook))
        case "POST", ["deliveries", wanted, "attempts"]:
            found = _find(call, hook, wanted)
            if found is None:
                return not_found()
            _later(call, hook, found)
            return Answer(202, {})
    return not_found()


def _later(call: Call, hook: Hook, record: Record | None = None) -> None:
    # GitHub answers first and delivers afterwards; so does this, or a receiver that asks for a
    # delivery from within its own request would wait for itself.
    def work() -> None:
        if record is None:
            call.hooks.ping(hook)
        else:
            call.hooks.send(hook, record.delivery, again=True)

    threading.Thread(target=work, daemon=True).start()


def _create(call: Call, base: str, repo_id: int | None, owner: str | None) -> Answer:
    body: Any = call.body or {}
    config = body.get("config") or {}
    url = config.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return invalid("Hook", "url", "missing_field" if not url else "invalid")
    if any(hook.url == url for hook in hooks_of(call, repo_id, owner)):
        answer = invalid("Hook", "url", "custom")
        answer.body["errors"][0]["message"] = "Hook already exists on this repository"
        return answer
    events = tuple(body.get("events") or ("push",))
    hook = call.hooks.create(
        url,
        repo_id=repo_id,
        owner=owner,
        events=events,
        secret=config.get("secret"),
        content_type=config.get("content_type") or "form",
        active=body.get("active", True),
    )
    _later(call, hook)
    return Answer(201, hook_json(hook, base))


def _change(call: Call, hook: Hook, base: str) -> Answer:
    body: Any = call.body or {}
    if "config" in body:
        # Config is replaced as a whole: what is not sent again is gone, the secret too.
        hook.secret, hook.content_type, hook.insecure_ssl = None, "form", "0"
        _configure(hook, body["config"])
    if "events" in body:
        hook.events = tuple(body["events"])
    added, removed = body.get("add_events", ()), body.get("remove_events", ())
    hook.events = tuple(e for e in dict.fromkeys((*hook.events, *added)) if e not in removed)
    hook.active = body.get("active", hook.active)
    hook.updated_at = call.hooks.now()
    return Answer(200, hook_json(hook, base))


def _configure(hook: Hook, config: Json) -> None:
    hook.url = config.get("url", hook.url)
    hook.secret = config.get("secret", hook.secret)
    hook.content_type = config.get("content_type", hook.content_type)
    hook.insecure_ssl = str(config.get("insecure_ssl", hook.insecure_ssl))


def config_json(hook: Hook) -> Json:
    """Return a hook's config; the secret is never shown."""
    config = {"content_type": hook.content_type, "insecure_ssl": hook.insecure_ssl, "url": hook.url}
    return {**config, "secret": MASKED} if hook.secret else config


def hook_json(hook: Hook, base: str) -> Json:
    """Return a hook as lists and single answers give it."""
    url = f"{API}{base}/{hook.id}"
    last = hook.log[-1].outcome if hook.log else None
    shown: Json = {
        "type": "Repository" if hook.repo_id is not None else "Organization",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": list(hook.events),
        "config": config_json(hook),
        "updated_at": iso(moment(hook.updated_at)),
        "created_at": iso(moment(hook.created_at)),
        "url": url,
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
    }
    if hook.repo_id is not None:
        code = None if last is None else last.status_code
        status = "unused" if last is None else ("active" if last.ok else "failed")
        shown["test_url"] = f"{url}/test"
        shown["last_response"] = {"code": code, "status": status, "message": None}
    return shown


def _deliveries(call: Call, hook: Hook, path: str) -> Answer:
    log = call.hooks.log_of(hook)
    wanted = call.query.get("status")
    if wanted:
        # GitHub's "failure" means a code of 400 to 599: no answer at all is not among them.
        failed = wanted == "failure"
        log = [one for one in log if (400 <= one.outcome.status_code < 600) == failed]
    cursor = call.query.get("cursor", "")
    if cursor:
        if not cursor.startswith("v1_") or not cursor[3:].isdecimal():
            return invalid("HookDelivery", "cursor")
        log = [one for one in log if one.id <= int(cursor[3:])]
    size = number(call, "per_page", 30, most=100)
    headers = {}
    if len(log) > size:
        query = urlencode({**call.query, "per_page": size, "cursor": f"v1_{log[size].id}"})
        headers["Link"] = f'<{call.base}{path}?{query}>; rel="next"'
    return Answer(200, [item_json(one) for one in log[:size]], headers)


def _find(call: Call, hook: Hook, wanted: str) -> Record | None:
    return next((one for one in call.hooks.log_of(hook) if str(one.id) == wanted), None)


def item_json(record: Record) -> Json:
    """Return a delivery as the log lists it, without its payload."""
    delivery, outcome = record.delivery, record.outcome
    return {
        "id": record.id,
        "guid": delivery.guid,
        "delivered_at": iso(moment(record.delivered_at)),
        "redelivery": record.redelivery,
        "duration": round(outcome.duration, 2),
        "status": outcome.status,
        "status_code": outcome.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": None,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


def record_json(record: Record, hook: Hook) -> Json:
    """Return a delivery with request and answer; the payload is the one that was sent."""
    outcome = record.outcome
    headers = dict(outcome.request_headers)
    headers.setdefault("Content-Type", delivering.TYPES[hook.content_type])
    return {
        **item_json(record),
        "url": hook.url,
        "request": {"headers": headers, "payload": record.delivery.payload},
        "response": {"headers": dict(outcome.headers), "payload": outcome.text},
    }
