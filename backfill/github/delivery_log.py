"""Deliveries that a hook made and we do not have: their payloads, from the hook's own log.

GitHub keeps the log for three days, and never sends a failed delivery again by itself. Reading a
hook needs admin rights: the permission Webhooks, or the scope admin:repo_hook or admin:org_hook.
https://docs.github.com/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import orjson

from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.http.smaller_pages import is_full
from backfill.pipeline.api_objects import read_object, read_told
from backfill.pipeline.context import Context
from backfill.records import Json, RecoveredDeliveries, Webhook
from engines import reading
from engines.transaction import transact
from rows import fields, version
from rows.sources import source_of
from store.deliveries import table
from store.deliveries.table import Delivery
from store.doors.decide import label
from store.state import notes

EVENTS = source_of("github").events
KEPT = timedelta(days=3)
OVERLAP = timedelta(minutes=10)
"""How long before the newest delivery of the last look this one goes back to."""
MOST = 1000
"""Payloads fetched at a time: whatever else has to be done comes in between."""
FIRST = ("push", "create", "delete", "repository")
"""What no list of runs tells comes first."""
MARK = "deliveries"
BATCH = 50


class LoggedDelivery(NamedTuple):
    """One line of a hook's log."""

    id: int
    guid: str
    event: str
    time: datetime


Keep = Callable[[list[Delivery]], None]
ASKED: set[tuple[int, str]] = set()
"""What was asked for again by this process: the log's horizon bounds it."""


def list_log(context: Context, hook: Webhook, since: datetime) -> tuple[list[LoggedDelivery], bool]:
    """Return a hook's log back to a time, newest first, of events that fill a table.

    And whether it reaches back so far: a last page that is full may have lost its link. All
    statuses: `failure` at GitHub means an answer from 400 to 599, and leaves out those that got
    none, and a success says nothing of what was kept. Raises ApiError.
    """
    log, is_cut = [], False
    for page in fetch_pages(context.client, f"{hook.path}/deliveries?per_page=100", know_nothing):
        items, _ = read_told(context, f"{hook.path}: log", page.body)
        lines = [line for item in items if (line := read_line(item))]
        log += [line for line in lines if line.event in EVENTS and line.time >= since]
        if any(line.time < since for line in lines):
            return log, True
        is_cut = is_full(page.body)
    return log, not is_cut


def read_line(item: Json) -> LoggedDelivery | None:
    """Return a line of the log; None for one that cannot be asked for."""
    time = fields.moment(item, "delivered_at", "delivery")
    guid = label(item.get("guid"))
    if time is None or guid is None:
        return None
    return LoggedDelivery(item["id"], guid, label(item.get("event")) or "", time)


def find_lacking(
    context: Context, provider: str, log: list[LoggedDelivery]
) -> list[LoggedDelivery]:
    """Return one line for each guid that we have not seen: what no list tells comes first."""
    by_guid = {line.guid: line for line in log}
    with reading(context.engine).connect() as connection:
        seen = table.read_seen_guids(connection, provider, sorted(by_guid))
    missing = [line for guid, line in by_guid.items() if guid not in seen]
    return sorted(missing, key=lambda line: (line.event not in FIRST, line.id))


def horizon_of(context: Context, hook: Webhook, now: datetime, kept_for: timedelta) -> datetime:
    """Return the time that the log has to be read back to."""
    with reading(context.engine).connect() as connection:
        newest = notes.text(connection, f"hook {hook.id}", MARK)
    horizon = now - min(KEPT, kept_for)
    last = version.believed(datetime.fromisoformat(newest), now) if newest else None
    return max(horizon, last - OVERLAP) if last else horizon


def recover_deliveries(
    context: Context, hook: Webhook, provider: str, now: datetime, kept_for: timedelta, keep: Keep
) -> RecoveredDeliveries:
    """Fetch what a hook made and we lack, and give it to `keep` to be stored.

    What has no payload any more is asked for again, once. `kept_for` is how long our own deliveries
    are kept. The next look is short once nothing is lacking. Raises ApiError.
    """
    log, is_reached = list_log(context, hook, horizon_of(context, hook, now, kept_for))
    missing = find_lacking(context, provider, log)
    due = [line for line in missing if context.due.is_due(hook.path, name_of(line))]
    tasks = (partial(read_delivery, context, hook, provider, line) for line in due[:MOST])
    batch, lost = list[Delivery](), list[LoggedDelivery]()
    total = 0
    unread = len(missing) - len(due)
    for read in context.pool.spread(tasks):
        if read is None:
            unread += 1
            continue
        line, delivery = read
        if delivery is None:
            lost.append(line)
            continue
        batch.append(delivery)
        total += 1
        if len(batch) >= BATCH:
            keep(batch)
            batch = []
    keep(batch)
    asked = sum(ask_again(context, hook, line) for line in lost if is_first(hook, line))
    is_whole = is_reached and len(missing) <= MOST and not lost and not unread
    if log and is_whole:
        newest = max(line.time for line in log).isoformat()
        transact(context.engine, lambda c: notes.put(c, f"hook {hook.id}", MARK, newest))
    return RecoveredDeliveries(total, asked, len(lost), len(due) > MOST)


def is_first(hook: Webhook, line: LoggedDelivery) -> bool:
    """Tell whether this process asks for a delivery for the first time, and remember it."""
    if (hook.id, line.guid) in ASKED:
        return False
    ASKED.add((hook.id, line.guid))
    return True


def read_delivery(
    context: Context, hook: Webhook, provider: str, line: LoggedDelivery
) -> tuple[LoggedDelivery, Delivery | None] | None:
    """Return a delivery as `fetch_delivery` does; None where it cannot be read now."""
    ask, home = partial(fetch_delivery, context, hook, provider, line), hook.path
    return context.due.read(context.client, hook.path, name_of(line), home, ask)


def name_of(line: LoggedDelivery) -> str:
    """Return how a delivery is called that cannot be read."""
    return f"delivery {line.guid}"


def fetch_delivery(
    context: Context, hook: Webhook, provider: str, line: LoggedDelivery
) -> tuple[LoggedDelivery, Delivery | None]:
    """Return a delivery with the payload that the log holds; None where it holds none."""
    try:
        record = context.client.get(f"{hook.path}/deliveries/{line.id}").body
    except ApiError as problem:
        if not is_lost(problem):
            raise
        return line, None
    request = read_object(record, "delivery").get("request")
    payload = request.get("payload") if isinstance(request, dict) else None
    if not isinstance(payload, dict):
        return line, None
    repository = payload.get("repository")
    name = label(repository.get("full_name")) if isinstance(repository, dict) else None
    return line, Delivery(
        provider=provider,
        guid=line.guid,
        hookid=None,
        event=line.event,
        action=label(payload.get("action")),
        repo=name,
        receivetime=table.now(),
        body=orjson.dumps(payload),
    )


def ask_again(context: Context, hook: Webhook, line: LoggedDelivery) -> bool:
    """Ask GitHub to send a delivery once more; tell whether it will. Raises ApiError."""
    try:
        context.client.send("POST", f"{hook.path}/deliveries/{line.id}/attempts")
    except ApiError as problem:
        if not (problem.is_hidden or is_lost(problem)):
            raise
        return False
    return True


def is_lost(problem: ApiError) -> bool:
    """Tell whether a delivery is no longer in the log, or can no longer be sent."""
    return problem.status in (400, 404, 410, 422)
