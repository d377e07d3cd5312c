"""The hooks of a project that deliver to us: whether they are sent to, and what their log has.

https://docs.gitlab.com/api/project_webhooks/#list-all-project-webhook-events
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from backfill.gitlab.hook_registration import EXECUTABLE, list_hooks_at, url_of
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_named
from backfill.pipeline.context import Context
from backfill.records import App, Json, RecoveredDeliveries, Repository, Webhook
from config.settings import BadSetting, Settings
from engines import reading
from rows import Unmappable
from rows.gitlab import clock
from rows.sources import source_of
from store.deliveries.table import Delivery, read_seen_guids

GITLAB = source_of("gitlab")
APP_HOOK = Webhook(0, "")
NO_HOOK_RIGHTS = "a maintainer's key"
KEYS = ("idempotency-key", "x-gitlab-webhook-uuid")


def list_hooks(
    client: Client, repository: Repository, seen: dict[str, list[Webhook] | None]
) -> list[Webhook] | None:
    """Return a project's hooks, None where the key may not read them.

    A delivery names no hook but its project, so that stands for the hook's number. Raises ApiError.
    """
    place = f"/projects/{quote(repository.name, safe='')}/hooks"  # as people know it
    if place not in seen:
        try:
            records = list_hooks_at(client, place)
            seen[place] = [read_state(record, place, repository) for record in records]
        except ApiError as problem:
            if not problem.is_hidden:
                raise
            seen[place] = None
    return seen[place]


def read_state(record: Json, place: str, repository: Repository) -> Webhook:
    """Return a listed hook, not active while nothing is sent to it."""
    is_active = record.get("alert_status") in (None, EXECUTABLE)
    path = f"{place}/{record['id']}"
    return Webhook(int(repository.record["id"]), path, url_of(record), is_active)


def recover_deliveries(
    context: Context,
    hook: Webhook,
    provider: str,
    now: datetime,
    kept_for: timedelta,
    keep: Callable[[list[Delivery]], None],
) -> RecoveredDeliveries:
    """Take from a hook's log what is not stored; say when nothing is sent to it. Raises ApiError.

    While a hook is disabled its log has nothing: what happens meanwhile is found in lists.
    """
    if not hook.path:
        return RecoveredDeliveries(0, 0, 0, False)
    if not hook.is_active:
        state = context.client.get(hook.path).body
        until = state.get("disabled_until") if isinstance(state, dict) else None
        name = state.get("alert_status") if isinstance(state, dict) else "disabled"
        context.reporter.report(
            f"{unquote(hook.path)}: the webhook is {name}{f' until {until}' if until else ''}: "
            "GitLab sends nothing meanwhile, what happens is found in its lists"
        )
    logged, floor = list[Delivery](), now - kept_for
    try:
        for page in fetch_pages(context.client, f"{hook.path}/events?per_page=100", know_nothing):
            lines = read_named(page.body)[0]
            logged += [sent for line in lines if (sent := delivery_of(line, hook, provider, now))]
            if any(one.receivetime < floor for one in logged):
                break
    except ApiError as problem:
        if not problem.is_hidden:  # GitLab before 17.3 has no log to ask for
            raise
    with reading(context.engine).connect() as connection:
        stored = read_seen_guids(connection, provider, [one.guid for one in logged])
    lacking = [one for one in logged if one.guid not in stored and one.receivetime >= floor]
    keep(lacking)
    return RecoveredDeliveries(len(lacking), 0, 0, False)


def delivery_of(line: Json, hook: Webhook, provider: str, now: datetime) -> Delivery | None:
    """Return a line of the log as the delivery it was; None for one that was shortened."""
    headers, payload = line.get("request_headers"), line.get("request_data")
    if not isinstance(headers, dict) or not isinstance(payload, dict):
        return None
    named = {str(key).lower(): value for key, value in headers.items()}
    guid = next((named[key] for key in KEYS if isinstance(named.get(key), str)), None)
    event = payload.get("object_kind") or payload.get("event_name")
    if guid is None or not isinstance(event, str) or event not in GITLAB.events:
        return None
    if GITLAB.is_sample(payload):
        return None
    try:
        sent = clock.moment(line, "created_at", "event") or now
        action = GITLAB.action_of(payload)
        about = GITLAB.repository_of(payload, provider)
        body = json.dumps(GITLAB.masked(payload)).encode()
    except Unmappable:
        return None
    return Delivery(
        provider,
        guid,
        hook.id,
        event,
        action if isinstance(action, str) else None,
        about.name if about else None,
        sent,
        body,
    )


def read_app(settings: Settings) -> App | None:
    """Return nothing: GitLab has no apps that send deliveries."""
    return None


def open_app_client(app: App, other: Client) -> Client:
    """Raise BadSetting: GitLab has no apps that send deliveries."""
    raise BadSetting("REPOS", "GitLab has no apps that send deliveries")
