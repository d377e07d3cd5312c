"""The logs of the hooks that deliver to us: a repository's, an organisation's, an App's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from backfill.http.errors import ApiError
from backfill.pipeline.context import Context, report_refusal, report_unread
from backfill.reconcile.cycle_context import CycleContext
from backfill.records import App, RecoveredDeliveries, Repository, Webhook
from backfill.vendors import vendor_of
from backfill.webhook_address import is_ours
from config.settings import BadSetting
from config.watch import watch
from engines import faults
from rows.counted import counted
from store.deliveries.table import Delivery
from store.doors.decide import decide_each
from store.doors.webhook import store_each


def find_hooks(
    cycle: CycleContext, repositories: Sequence[Repository]
) -> tuple[bool, dict[Webhook, str]]:
    """Return whether hooks send us everything, and the hooks whose log may be read.

    Each with the provider of its deliveries.
    """
    context, app = cycle.context, cycle.settings.app
    hooks: dict[Webhook, str] = {}
    is_fed, hidden = bool(repositories), []
    for repository in repositories:
        vendor = vendor_of(repository.provider)
        try:
            listed = vendor.list_hooks(context.client, repository, cycle.hook_lists)
        except ApiError as problem:
            report_refusal(context, f"{repository.name}: hooks", problem)
            is_fed = False
            continue
        ours = [hook for hook in listed or () if is_ours(hook, cycle.senders.hooks)]
        hooks |= dict.fromkeys(ours, repository.provider)
        sends = any(hook.is_active and hook.id in cycle.senders.hooks for hook in ours)
        if listed is None:
            hidden.append(repository)
        if app or listed is None:
            sends = sends or repository.name.lower() in cycle.senders.repositories
        is_fed = is_fed and sends
    if hidden and not app:
        names = ", ".join(repository.name for repository in hidden[:5])
        why = vendor_of(hidden[0].provider).NO_HOOK_RIGHTS
        context.reporter.say(
            f"the key may not read the webhooks of {names}: deliveries are not looked for in their "
            f"log ({why}); lists of runs are compared all the same"
        )
    return is_fed, hooks


def recover_from_hooks(
    cycle: CycleContext, repositories: Sequence[Repository], hooks: Mapping[Webhook, str]
) -> tuple[int, bool]:
    """Take from the hooks' logs what we lack; return how many, and whether there is more."""
    results = [
        recover_from_hook(cycle, cycle.context, hook, provider) for hook, provider in hooks.items()
    ]
    if cycle.settings.app is not None and repositories:
        results.append(recover_from_app(cycle, cycle.settings.app, repositories[0].provider))
    recovered = [result for result in results if result is not None]
    total = sum(result.taken for result in recovered)
    if total:
        cycle.context.reporter.say(
            counted(
                total,
                "delivery that had not come was taken from the hooks' logs",
                "deliveries that had not come were taken from the hooks' logs",
            )
        )
    return total, any(result.is_more or result.asked for result in recovered)


def recover_from_hook(
    cycle: CycleContext, context: Context, hook: Webhook, provider: str
) -> RecoveredDeliveries | None:
    """Take from one hook's log; None when it is refused."""
    kept = timedelta(days=cycle.settings.retention_days)
    vendor = vendor_of(provider)
    store = partial(store_recovered, cycle.context, cycle.settings.patterns)
    try:
        recovered = vendor.recover_deliveries(context, hook, provider, cycle.now, kept, store)
    except ApiError as problem:
        if hook == vendor.APP_HOOK and problem.is_bad_key:
            context.reporter.report(
                f"{hook.path}: {vendor.TITLE} does not accept the App's number or key"
            )
        else:
            report_refusal(context, hook.path, problem)
        return None
    report_unread(context, hook.path, hook.path)
    if recovered.lost:
        had = ("delivery that we lack has", "deliveries that we lack have")
        lost = counted(recovered.lost, *had)
        context.reporter.report(
            f"{hook.path}: {lost} no payload any more; {vendor.TITLE} was asked to send again"
        )
    return recovered


def store_recovered(
    context: Context, patterns: Sequence[str], deliveries: Sequence[Delivery]
) -> None:
    """Store deliveries of a hook's log, through the same door as the webhook's.

    What has no rows is ignored or quarantined, as ever. Raises SQLAlchemyError when the database
    fails.
    """

    def report_bug(error: Exception, delivery: Delivery) -> None:
        context.reporter.report(f"delivery {delivery.guid}: a mapping broke: {faults.cause(error)}")

    if not deliveries:
        return
    decisions = list(decide_each(context.engine, watch(patterns), deliveries))
    for decision in decisions:
        if decision.bug is not None:
            report_bug(decision.bug, decision.delivery)
        for note in decision.mapped.notes if decision.mapped else ():
            context.reporter.say(f"delivery {decision.delivery.guid}: {note}")
    store_each(context.engine, decisions, report_bug)


def recover_from_app(cycle: CycleContext, app: App, provider: str) -> RecoveredDeliveries | None:
    """Take from the log of an app's hook, as the app; None when it is refused."""
    vendor, context = vendor_of(provider), cycle.context
    try:
        client = vendor.open_app_client(app, context.client)
    except BadSetting as error:
        context.reporter.report(str(error))
        return None
    return recover_from_hook(cycle, context._replace(client=client), vendor.APP_HOOK, provider)
