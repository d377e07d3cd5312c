"""Is what is stored fresh? What GitHub shows against what came, kept in `health`.

A warning is said once when it begins and once when it ends.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.reconcile import health_rules
from backfill.reconcile.cycle_context import CycleContext
from backfill.records import Repository, Webhook
from backfill.vendors import vendor_of
from backfill.webhook_address import hook_note, is_ours
from engines import reading
from engines.transaction import transact
from rows import version
from rows.sources import source_of, subject_of, vendor_of_subject
from store.deliveries import received
from store.deliveries.received import RecentDeliveries
from store.state import audits, gone_repositories, health, notes
from store.state.health import BAD, GOOD, HealthState

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
        health_rules.UNREAD,
        health_rules.GONE,
    }
)
URL = "url"

HookLists = dict[str, list[Webhook] | None]


def check_health(cycle: CycleContext, repositories: Sequence[Repository]) -> list[HealthState]:
    """Look at everything that goes stale silently; keep it, say what changed, and return that.

    Raises ApiError only when GitHub does not accept the key.
    """
    context, time, vendor = cycle.context, cycle.now, cycle.settings.vendor
    with reading(context.engine).connect() as connection:
        recent = received.recent_deliveries(connection, vendor.NAME, time - SPAN, time)
        ignored = received.unwatched_repositories(connection, vendor.NAME, time - SPAN)
        known = received.known_names(connection, vendor.NAME)
        gone = gone_repositories.list_gone(connection)
        ever = set(recent) | names_once_heard(own_rows(connection, vendor.NAME), time)
    states = [
        health_rules.judge_token(context.client.rate_limit.expires, time),
        health_rules.judge_rate(context.client.rate_limit.budget),
        *health_rules.find_typos(cycle.settings.patterns, ignored, known),
        *health_rules.judge_gone(one for one in gone if vendor_of(one.provider) is vendor),
    ]
    for repository in repositories:
        name = repository.name.lower()
        states.append(judge_last_audit(context, repository))
        unread = context.due.list_open(repository.repoid)
        states.append(health_rules.judge_unread(repository.name, unread))
        if name in ever:
            states.append(judge_silence(context, repository, recent.get(name), time))
        hooks = list_hooks(context, repository, cycle.hook_lists)
        if hooks is not None:
            states.append(judge_hooks(context, repository, hooks, was_heard=name in ever))
    return store_states(context, vendor.NAME, states)


def store_states(context: Context, vendor: str, states: Sequence[HealthState]) -> list[HealthState]:
    """Keep states in the place of those of the last look, say what changed, and return that.

    Another vendor's reconciler looks at its own, whose repositories may have the same names.
    """
    called = [one._replace(subject=subject_of(vendor, one.subject)) for one in states]
    changed = health.put(
        context.engine, called, LOOKED_AT, lambda subject: vendor_of_subject(subject) == vendor
    )
    for state in changed:
        place = f"{state.subject}: " if state.subject else ""
        if state.state == GOOD:
            context.reporter.say(f"{place}{state.name} is well again")
        else:
            context.reporter.warn(f"{place}{state.detail}")
    return changed


def store_refused_key(engine: Engine, vendor: str, why: str) -> None:
    """Keep that a vendor does not accept the key: nothing else can be looked at then."""
    health.put(engine, [HealthState(subject_of(vendor, ""), health_rules.TOKEN, BAD, why)])


def own_rows(connection: Connection, vendor: str) -> list[health.StoredHealth]:
    """Return what is kept of a vendor, by the names that it gives its repositories."""
    return [
        row._replace(subject=row.subject.removeprefix(subject_of(vendor, "")))
        for row in health.rows(connection)
        if vendor_of_subject(row.subject) == vendor
    ]


def names_once_heard(stored: Iterable[health.StoredHealth], now: datetime) -> set[str]:
    """Return the repositories, in lower case, whose deliveries came and then stopped.

    After a month of silence one counts as polled: its hook was taken away on purpose.
    """
    return {
        state.subject.lower()
        for state in stored
        if state.name == health_rules.SILENCE
        and (state.state == GOOD or state.changetime > now - FORGOTTEN)
    }


def judge_last_audit(context: Context, repository: Repository) -> HealthState:
    """Return what the last audit of a repository said."""
    with reading(context.engine).connect() as connection:
        verdict = audits.latest(connection, repository.repoid)
    missing, time = (verdict.missing, verdict.audittime) if verdict else (None, None)
    prefix = source_of(repository.provider).watched_as
    return health_rules.judge_audit(repository.name, missing, time, prefix)


def judge_silence(
    context: Context, repository: Repository, recent: RecentDeliveries | None, now: datetime
) -> HealthState:
    """Return whether deliveries come of a repository as long as it is active."""
    with reading(context.engine).connect() as connection:
        newest = received.newest_run(connection, repository.repoid, now)
    pushed = version.believed(repository.pushtime, now)
    times = (time for time in (newest, pushed) if time)
    activity = max(times, default=None)
    title = vendor_of(repository.provider).TITLE
    return health_rules.judge_silence(repository.name, recent, SPAN, activity, now, title)


def list_hooks(
    context: Context, repository: Repository, hook_lists: HookLists
) -> list[Webhook] | None:
    """Return a repository's hooks; None where they are not to be had. Raises for a bad key."""
    try:
        return vendor_of(repository.provider).list_hooks(context.client, repository, hook_lists)
    except ApiError as problem:
        if problem.is_bad_key:
            raise
        context.reporter.say(f"{repository.name}: hooks: {problem}")
        return None


def judge_hooks(
    context: Context, repository: Repository, hooks: Iterable[Webhook], *, was_heard: bool
) -> HealthState:
    """Return how the hooks fare that are ours: those that delivered, or look like a listener's.

    One that delivered is to point where it pointed then; one that delivers again from elsewhere
    was moved on purpose.
    """
    with reading(context.engine).connect() as connection:
        vendor = vendor_of(repository.provider).NAME
        sending = received.read_senders(connection, vendor).hooks
    ours = {
        hook: find_expected_url(context, hook_note(vendor, hook.id), hook, sending.get(hook.id))
        for hook in hooks
        if is_ours(hook, sending)
    }
    return health_rules.judge_hooks(repository.name, ours, was_heard)


def find_expected_url(
    context: Context, subject: str, hook: Webhook, last: datetime | None
) -> str | None:
    """Return where a hook pointed when it delivered; remember where it points now if it does."""
    with reading(context.engine).connect() as connection:
        note = notes.get(connection, subject, URL)
    delivers = last is not None and (hook.changetime is None or last > hook.changetime)
    if not delivers:
        return note.value if note else None
    if note is None or note.value != hook.url:
        transact(context.engine, lambda connection: notes.put(connection, subject, URL, hook.url))
    return hook.url
