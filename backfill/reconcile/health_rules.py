"""What is worth a warning: facts in, states out. Pure: nothing is asked, stored or logged."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from backfill.http.rate_limit import Budget
from backfill.records import Webhook
from backfill.webhook_address import is_same, without_secrets
from config.times import to_the_minute
from rows.counted import counted
from store.deliveries.received import RecentDeliveries
from store.state.gone_repositories import KnownRepository
from store.state.health import BAD, GOOD, WARNING, HealthState

SILENCE, HOOK, TYPO, TOKEN, RATE, AUDIT = "silence", "hook", "typo", "token", "rate", "audit"
UNREAD, GONE = "unread", "gone"
SHOWN = 3
"""Items that cannot be read, named in one line."""
LAG = timedelta(minutes=15)
"""GitHub's deliveries may lag by minutes: less is not silence."""
USUAL = 5
"""A repository is silent when so many usual pauses have passed."""
SOON, NOW = timedelta(days=7), timedelta(days=1)
NEARLY_SPENT = 0.1
CLOSE = 2
"""Letters that two names may differ in to be one mistyped."""
SHORTEST = 4


def judge_silence(
    name: str,
    recent: RecentDeliveries | None,
    span: timedelta,
    activity: datetime | None,
    now: datetime,
    title: str = "GitHub",
) -> HealthState:
    """Tell whether a repository is silent for longer than usual while its vendor shows activity.

    `recent` came in the `span` before `now`; `activity` is the time of the newest push or run.
    Times in UTC without zone.
    """
    last = recent.last if recent else None
    patience = max(LAG, USUAL * span / recent.number) if recent else LAG
    if activity is None or (last is not None and activity <= last + LAG):
        return HealthState(name, SILENCE, GOOD)
    if now - activity < LAG or (last is not None and now - last < patience):
        return HealthState(name, SILENCE, GOOD)
    since = f"since {to_the_minute(last)} UTC" if last else f"for {counted(span.days, 'day')}"
    shown = f"{title} shows activity at {to_the_minute(activity)} UTC"
    return HealthState(name, SILENCE, WARNING, f"no delivery came {since}, and {shown}")


def judge_hooks(name: str, ours: Mapping[Webhook, str | None], was_heard: bool) -> HealthState:
    """Tell whether a hook that delivers for a repository still does; where each should point."""
    if not ours:
        detail = "the webhook that delivered is gone" if was_heard else ""
        return HealthState(name, HOOK, WARNING if was_heard else GOOD, detail)
    wrong = [why for each, url in ours.items() if (why := describe_trouble(each, url))]
    if len(wrong) < len(ours):  # another one delivers
        return HealthState(name, HOOK, GOOD)
    return HealthState(name, HOOK, BAD, "; ".join(wrong))


def describe_trouble(hook: Webhook, url: str | None) -> str:
    """Return what is wrong with a hook that should point to `url`; nothing when it is well."""
    if not hook.is_active:
        return f"webhook {hook.id} is disabled"
    if url and not is_same(hook.url, url):
        place, expected = without_secrets(hook.url), without_secrets(url)
        return f"webhook {hook.id} points to {place}, not to {expected}"
    if hook.code is not None and hook.code not in (0, *range(200, 300)):
        return f"webhook {hook.id} was answered with {hook.code} the last time"
    return ""


def find_typos(
    patterns: Iterable[str], ignored: Iterable[str], known: Iterable[str]
) -> list[HealthState]:
    """Return a warning for each `-r` that nothing matches and that looks like what is ignored.

    `ignored` and `known` are full names of repositories: those whose deliveries were ignored,
    and those that are stored.
    """
    stored = {name.lower() for name in known}
    owners = {name.partition("/")[0] for name in stored}
    warnings = []
    for pattern in patterns:
        meant = pattern.lower().removesuffix("/*")
        if meant in stored | owners:
            continue
        alike = sorted({name for name in ignored if is_alike(meant, name.lower())})
        if alike:
            detail = f"deliveries of {', '.join(alike[:5])} are ignored: was -r {pattern} mistyped?"
            warnings.append(HealthState(pattern, TYPO, WARNING, detail))
    return warnings


def is_alike(pattern: str, name: str) -> bool:
    """Tell whether a name may be what a pattern that matches nothing was to mean."""
    owner, _, repo = name.partition("/")
    if "/" not in pattern:
        return is_near(pattern, owner)
    its_owner, _, its_repo = pattern.partition("/")
    if its_repo == repo or (its_owner == owner and is_near(its_repo, repo)):
        return True
    return is_near(pattern, name)


def is_near(name: str, other: str) -> bool:
    """Tell whether two names differ in a letter or two, and are long enough for that to tell."""
    if min(len(name), len(other)) < SHORTEST:
        return name == other
    return count_edits(name, other) <= CLOSE


def count_edits(name: str, other: str) -> int:
    """Return how many letters must be put in, left out or changed to make one of the other."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(name, start=1):
        before, row[0] = row[0], place
        for at, their in enumerate(other, start=1):
            step = before + (letter != their)
            before, row[at] = row[at], min(step, row[at] + 1, row[at - 1] + 1)
    return row[-1]


def judge_token(expires: datetime | None, now: datetime) -> HealthState:
    """Tell whether the key is about to expire; both times in UTC without zone."""
    if expires is None or expires - now > SOON:
        return HealthState("", TOKEN, GOOD)
    state = BAD if expires - now < NOW else WARNING
    detail = f"the key expires at {to_the_minute(expires)} UTC: make a new one"
    return HealthState("", TOKEN, state, detail)


def judge_rate(budget: Budget | None) -> HealthState:
    """Tell whether the requests of this hour are nearly spent, whoever spent them."""
    if budget is None or budget.remaining > budget.limit * NEARLY_SPENT:
        return HealthState("", RATE, GOOD)
    detail = f"{budget.remaining} of {budget.limit} requests are left of this hour"
    return HealthState("", RATE, WARNING, detail)


def judge_audit(
    name: str, missing: int | None, time: datetime | None, prefix: str = ""
) -> HealthState:
    """Tell what the last audit of a repository said; `-r` names it with `prefix` before it."""
    if not missing or time is None:
        return HealthState(name, AUDIT, GOOD)
    command = f"python3 local-database.py -r {prefix}{name} --audit"
    detail = f"{missing} missing at {to_the_minute(time)} UTC: {command}"
    return HealthState(name, AUDIT, WARNING, detail)


def judge_unread(name: str, unread: Sequence[str]) -> HealthState:
    """Return what of a repository cannot be read, each in a sentence."""
    if not unread:
        return HealthState(name, UNREAD, GOOD)
    more = f"; and {len(unread) - SHOWN} more" if len(unread) > SHOWN else ""
    return HealthState(name, UNREAD, WARNING, "; ".join(unread[:SHOWN]) + more)


def judge_gone(gone: Iterable[KnownRepository]) -> list[HealthState]:
    """Return a warning for each repository that its vendor has no more."""
    details = {
        repository.name: f"gone since {to_the_minute(time)} UTC: {repository.gonereason}"
        for repository in gone
        if (time := repository.gonetime)
    }
    return [HealthState(name, GONE, WARNING, detail) for name, detail in details.items()]
