"""Is what is stored fresh? What GitHub shows against what came, kept in `health`.

A warning is said once when it begins and once when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.reconcile import health_rules
from backfill.records import Repository, Webhook
from backfill.vendors import vendor_of
from backfill.webhook_address import is_ours
from engines import reading
from engines.transaction import transact
from store.deliveries import received
from store.deliveries.received import Heard
from store.deliveries.table import now as clock
from store.state import audits, health, notes
from store.state.health import BAD, GOOD, Sight

SPAN = timedelta(days=3)
FORGOTTEN = timedelta(days=30)
LOOKED_AT = frozenset(
    {
        health_rules.SILENCE,
        health_rules.HOOK,
        health_rules.TYPO,
        health_rules.TOKEN,
        health_rules.RATE,
        health_rules.AUDIT,
    }
)
URL = "url"

HookLists = dict[str, list[Webhook] | None]


def look(
    context: Context,
    heres: Sequence[Repository],
    patterns: Sequence[str],
    *,
    hook_url: str | None = None,
    hook_lists: HookLists | None = None,
    now: datetime | None = None,
) -> list[Sight]:
    """Look at everything that goes stale silently; keep it, say what changed, and return that.

    `patterns` are those of `-r`; `hook_url` is where our webhook should point, if that is known;
    `hook_lists` are lists of hooks that this cycle has asked for.
    `now` in UTC without zone. Raises ApiError only when GitHub does not accept the key.
    """
    time = now or clock()
    with reading(context.engine).connect() as connection:
        heard = received.heard(connection, time - SPAN)
        ignored = received.ignored(connection, time - SPAN)
        known = received.known_names(connection)
        ever = set(heard) | once_heard(health.rows(connection), time)
    sights = [
        health_rules.token(context.client.rate_limit.expires, time),
        health_rules.rate(context.client.rate_limit.budget),
        *health_rules.typos(patterns, ignored, known),
    ]
    hook_lists = {} if hook_lists is None else hook_lists
    for here in heres:
        sights += of_repository(context, here, heard, ever, time)
        hooks = hooks_of(context, here, hook_lists)
        if hooks is not None:
            is_heard = here.name.lower() in ever
            sights.append(hook_sight(context, here, hooks, hook_url, was_heard=is_heard))
    return kept(context, sights)


def kept(context: Context, sights: Sequence[Sight]) -> list[Sight]:
    """Keep sights in the place of those of the last look, and say what changed."""
    changed = health.put(context.engine, sights, LOOKED_AT)
    for one in changed:
        (context.reporter.say if one.state == GOOD else context.reporter.warn)(said(one))
    return changed


def said(one: Sight) -> str:
    """Return a change in one line."""
    place = f"{one.subject}: " if one.subject else ""
    if one.state == GOOD:
        return f"{place}{one.name} is well again"
    return f"{place}{one.detail}"


def refused(engine: Engine, why: str) -> None:
    """Keep that GitHub does not accept the key: nothing else can be looked at then."""
    health.put(engine, [Sight("", health_rules.TOKEN, BAD, why)])


def once_heard(rows: Iterable[health.Row], now: datetime) -> set[str]:
    """Return the repositories, in lower case, whose deliveries came and then stopped.

    After a month of silence one counts as polled: its hook was taken away on purpose.
    """
    return {
        row.subject.lower()
        for row in rows
        if row.name == health_rules.SILENCE
        and (row.state == GOOD or row.changetime > now - FORGOTTEN)
    }


def of_repository(
    context: Context, here: Repository, heard: dict[str, Heard], ever: set[str], now: datetime
) -> Iterator[Sight]:
    """Yield what the store tells of a repository; silence only where deliveries ever came."""
    with reading(context.engine).connect() as connection:
        newest = received.newest_run(connection, here.repoid)
        verdict = audits.latest(connection, here.repoid)
    yield health_rules.audit(
        here.name, verdict.missing if verdict else None, verdict.audittime if verdict else None
    )
    found = heard.get(here.name.lower())
    if here.name.lower() in ever:
        pushed = here.pushtime
        activity = max((time for time in (newest, pushed) if time), default=None)
        number, last = (found.number, found.last) if found else (0, None)
        yield health_rules.silence(here.name, health_rules.Heard(number, last, SPAN), activity, now)


def hooks_of(context: Context, here: Repository, hook_lists: HookLists) -> list[Webhook] | None:
    """Return a repository's hooks; None where they are not to be had. Raises for a bad key."""
    try:
        return vendor_of(here.provider).list_hooks(context.client, here, hook_lists)
    except ApiError as problem:
        if problem.status == 401:
            raise
        context.reporter.say(f"{here.name}: hooks: {problem}")
        return None


def hook_sight(
    context: Context,
    here: Repository,
    hooks: Iterable[Webhook],
    hook_url: str | None,
    *,
    was_heard: bool,
) -> Sight:
    """Return how the hooks fare that are ours: those that delivered, or look like a listener's.

    One that delivered is to point where it pointed then; one that delivers again from elsewhere
    was moved on purpose.
    """
    with reading(context.engine).connect() as connection:
        sending = received.hooks(connection)
    ours = {
        hook: hook_url or remembered(context, hook, sending.get(hook.id))
        for hook in hooks
        if is_ours(hook, sending)
    }
    return health_rules.hook(here.name, ours, was_heard)


def remembered(context: Context, hook: Webhook, last: datetime | None) -> str | None:
    """Return where a hook pointed when it delivered; remember where it points now if it does."""
    subject = f"hook {hook.id}"
    with reading(context.engine).connect() as connection:
        mark = notes.get(connection, subject, URL)
    delivers = last is not None and (hook.changetime is None or last > hook.changetime)
    if not delivers:
        return mark.value if mark else None
    if mark is None or mark.value != hook.url:
        transact(context.engine, lambda connection: notes.put(connection, subject, URL, hook.url))
    return hook.url
