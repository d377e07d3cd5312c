"""The logs of the hooks that deliver to us: a repository's, an organisation's, an App's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from backfill.github import app_auth
from backfill.github.app_auth import App
from backfill.github.delivery_log import Hook, Recovered, hooks_at, places_of, recover
from backfill.http.errors import ApiError
from backfill.http.rate_limit import RateLimit
from backfill.pipeline.context import Context
from backfill.reconcile.context import BAD_KEY, Work, tell
from backfill.records import Repository
from config.settings import BadSetting
from config.watch import watch
from engines import faults
from store.deliveries.table import Delivery
from store.doors.decide import decide_each
from store.doors.webhook import store_each

NO_RIGHTS = (
    "the key may not read the webhooks of {}: deliveries are not looked for in their log "
    "(permission Webhooks, or scope admin:repo_hook); lists of runs are compared all the same"
)


def hooks_for(work: Work, here: Sequence[Repository]) -> tuple[bool, dict[Hook, str]]:
    """Return whether hooks send us everything, and the hooks whose log may be read.

    Each with the provider of its deliveries.
    """
    hooks: dict[Hook, str] = {}
    seen: dict[str, list[Hook] | None] = {}
    fed, hidden = bool(here), []
    for one in here:
        places = places_of(one)
        try:
            for place in places:
                if place not in seen:
                    seen[place] = hooks_at(work.context, place, work.sending)
        except ApiError as problem:
            tell(work.context, f"{one.name}: hooks", problem)
            fed = False
            continue
        ours = [hook for place in places for hook in seen[place] or ()]
        hooks |= dict.fromkeys(ours, one.provider)
        sends = any(hook.is_active and hook.id in work.sending for hook in ours)
        if all(seen[place] is None for place in places):
            hidden.append(one.name)
        if work.wanted.app or one.name in hidden:
            sends = sends or one.name.lower() in work.heard
        fed = fed and sends
    if hidden and not work.wanted.app:
        work.context.reporter.say(NO_RIGHTS.format(", ".join(hidden[:5])))
    return fed, hooks


def take_logs(
    work: Work, here: Sequence[Repository], hooks: Mapping[Hook, str]
) -> tuple[int, bool]:
    """Take from the hooks' logs what we lack; return how many, and whether there is more."""
    found = [one for hook in hooks if (one := take(work, work.context, hook, hooks[hook]))]
    if work.wanted.app is not None and here:
        provider = here[0].provider
        one = take_from_app(work, work.wanted.app, provider)
        found += [one] if one else []
    total = sum(one.taken for one in found)
    if total:
        work.context.reporter.say(
            f"{total} deliveries that had not come were taken from the hooks' logs"
        )
    return total, any(one.is_more or one.asked for one in found)


def take(work: Work, context: Context, hook: Hook, provider: str) -> Recovered | None:
    """Take from one hook's log; None when it is refused."""
    kept = timedelta(days=work.wanted.retention_days)
    store = partial(store_found, work.context, work.wanted.patterns)
    try:
        found = recover(context, hook, provider, work.now, kept, store)
    except ApiError as problem:
        if hook == app_auth.HOOK and problem.status == BAD_KEY:
            context.report(f"{hook.path}: GitHub does not accept the App's number or key")
        else:
            tell(context, hook.path, problem)
        return None
    if found.lost:
        context.report(
            f"{hook.path}: {found.lost} deliveries that we lack have no payload any more; GitHub "
            "was asked to send them again"
        )
    return found


def store_found(context: Context, patterns: Sequence[str], found: Sequence[Delivery]) -> None:
    """Store deliveries of a hook's log, through the same door as the webhook's.

    What has no rows is ignored or quarantined, as ever. Raises SQLAlchemyError when the database
    fails.
    """

    def tell_bug(error: Exception, delivery: Delivery) -> None:
        context.report(f"delivery {delivery.guid}: a mapping broke: {faults.cause(error)}")

    if not found:
        return
    decisions = list(decide_each(context.engine, watch(patterns), found))
    for decision in decisions:
        if decision.bug is not None:
            tell_bug(decision.bug, decision.delivery)
    store_each(context.engine, decisions, tell_bug)


def take_from_app(work: Work, ours: App, provider: str) -> Recovered | None:
    """Take from the log of a GitHub App's hook, as the App; None when it is refused."""
    limits = RateLimit(work.context.reporter.waiting, None, work.context.client.rate_limit.left)
    try:
        client = app_auth.client(ours, work.context.client.base, limits)
    except BadSetting as error:
        work.context.report(str(error))
        return None
    return take(work, work.context._replace(client=client), app_auth.HOOK, provider)
