"""The logs of the hooks that deliver to us: a repository's, an organisation's, an App's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.reconcile.context import BAD_KEY, Work, tell
from backfill.records import App, Recovered, Repository, Webhook
from backfill.vendors import vendor_of
from backfill.webhook_address import is_ours
from config.settings import BadSetting
from config.watch import watch
from engines import faults
from store.deliveries.table import Delivery
from store.doors.decide import decide_each
from store.doors.webhook import store_each


def hooks_for(work: Work, here: Sequence[Repository]) -> tuple[bool, dict[Webhook, str]]:
    """Return whether hooks send us everything, and the hooks whose log may be read.

    Each with the provider of its deliveries.
    """
    hooks: dict[Webhook, str] = {}
    fed, hidden = bool(here), []
    for one in here:
        vendor = vendor_of(one.provider)
        try:
            listed = vendor.list_hooks(work.context.client, one, work.hook_lists)
        except ApiError as problem:
            tell(work.context, f"{one.name}: hooks", problem)
            fed = False
            continue
        ours = [hook for hook in listed or () if is_ours(hook, work.sending)]
        hooks |= dict.fromkeys(ours, one.provider)
        sends = any(hook.is_active and hook.id in work.sending for hook in ours)
        if listed is None:
            hidden.append(one)
        if work.wanted.app or listed is None:
            sends = sends or one.name.lower() in work.heard
        fed = fed and sends
    if hidden and not work.wanted.app:
        names = ", ".join(one.name for one in hidden[:5])
        why = vendor_of(hidden[0].provider).NO_HOOK_RIGHTS
        work.context.reporter.say(
            f"the key may not read the webhooks of {names}: deliveries are not looked for in their "
            f"log ({why}); lists of runs are compared all the same"
        )
    return fed, hooks


def take_logs(
    work: Work, here: Sequence[Repository], hooks: Mapping[Webhook, str]
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


def take(work: Work, context: Context, hook: Webhook, provider: str) -> Recovered | None:
    """Take from one hook's log; None when it is refused."""
    kept = timedelta(days=work.wanted.retention_days)
    vendor = vendor_of(provider)
    store = partial(store_found, work.context, work.wanted.patterns)
    try:
        found = vendor.recover_deliveries(context, hook, provider, work.now, kept, store)
    except ApiError as problem:
        if hook == vendor.APP_HOOK and problem.status == BAD_KEY:
            context.report(f"{hook.path}: {vendor.TITLE} does not accept the App's number or key")
        else:
            tell(context, hook.path, problem)
        return None
    if found.lost:
        context.report(
            f"{hook.path}: {found.lost} deliveries that we lack have no payload any more; "
            f"{vendor.TITLE} was asked to send them again"
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
    vendor = vendor_of(provider)
    try:
        client = vendor.open_app_client(ours, work.context.client)
    except BadSetting as error:
        work.context.report(str(error))
        return None
    return take(work, work.context._replace(client=client), vendor.APP_HOOK, provider)
