"""Webhooks set up so that everything comes, and how those fare that are ours."""

import time
from collections.abc import Collection, Iterator, Sequence

from backfill.github import webhooks
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.api_objects import read_object
from backfill.records import HookOwner, KnownHooks, Refusal, Webhook
from backfill.webhook_address import is_ours, without_secrets
from config.watch import watch
from runtime.check_line import CheckLine

PING_SECONDS, PAUSE = 15.0, 1.0
REPO_RIGHTS = (
    "admin rights to the repository and, for a classic key, the scope admin:repo_hook, for a "
    "fine-grained one the permission Webhooks (read and write)"
)
ORG_RIGHTS = (
    "to own the organisation and, for a classic key, the scope admin:org_hook, for a fine-grained "
    "one the organisation's permission Webhooks (read and write)"
)


def hook_owners(patterns: Sequence[str]) -> list[HookOwner]:
    """Return the places that `-r` names, each once; an organisation covers its repositories."""
    meant = watch(patterns)
    orgs = [HookOwner(one, f"/orgs/{one}/hooks", True) for one in meant.owners.values()]
    repos = [HookOwner(one, f"/repos/{one}/hooks", False) for one in meant.names.values()]
    return orgs + repos


def explain_refusal(client: Client, owner: HookOwner, problem: ApiError) -> Refusal:
    """Return in one line why the hooks of an owner are not to be had, and what is missing."""
    if not problem.is_hidden or "SAML" in str(problem):
        return Refusal(f"{owner.name}: {problem}")
    rights = ORG_RIGHTS if owner.is_org else REPO_RIGHTS
    path = f"/users/{owner.name}" if owner.is_org else f"/repos/{owner.name}"
    try:
        account = read_object(client.get(path, tries=2).body, "account")
    except ApiError as other:
        return Refusal(f"{owner.name}: {other}", other.is_gone)
    if owner.is_org and account.get("type") == "User":
        why = "is a person, not an organisation: name repositories, org/repo"
        return Refusal(f"{owner.name}: {why}")
    return Refusal(f"{owner.name}: the key may not manage its webhooks: it needs {rights}")


def set_up_hook(
    client: Client, owner: HookOwner, url: str, secret: str, sending: Collection[int]
) -> tuple[Webhook, str, int]:
    """Make or repair the hook of an owner and have it pinged; `sending` are hooks that delivered.

    Return it, what was done, and the last delivery before the ping. Raises ApiError.
    """
    hook = webhooks.find_our_hook(webhooks.list_hooks_at(client, owner.path), url, sending)
    if hook is None:
        hook = webhooks.create_hook(client, owner.path, url, secret)
        return hook, f"webhook {hook.id} was made, it delivers to {without_secrets(url)}", 0
    wrong = webhooks.list_faults(hook, url) + ([] if hook.is_json else ["sends forms, not JSON"])
    last = max((one.id for one in webhooks.list_sent(client, hook)), default=0)
    webhooks.repair_hook(client, hook, url, secret)
    client.send("POST", f"{hook.path}/pings")
    done = f"was repaired: it {', '.join(wrong)}" if wrong else "is as it should be"
    return hook, f"webhook {hook.id} {done}; its secret was set anew", last


def wait_for_ping(client: Client, hook: Webhook, last: int) -> str:
    """Wait for what becomes of a ping after the delivery `last`, and return it in words."""
    until = time.monotonic() + PING_SECONDS
    while True:
        sent = [one for one in webhooks.list_sent(client, hook) if one.id > last]
        code = next((one.code for one in sent if one.event == "ping"), None)
        if code is not None:
            return describe_answer(code)
        if time.monotonic() > until:
            return "the ping is not sent yet: --check tells later what became of it"
        time.sleep(PAUSE)


def describe_answer(code: int) -> str:
    """Return what an answer to a ping means; 0 is none at all."""
    if 200 <= code < 300:
        return f"the ping was answered with {code}"
    if code == 401:
        return "the ping was answered with 401: the listener there has another secret"
    if code == 0:
        return "the ping was not answered: nothing listens there yet, or GitHub cannot reach it"
    return f"the ping was answered with {code}: that is not a listener, or it is not well"


def inspect_hooks(
    client: Client, owner: HookOwner, url: str | None, known: KnownHooks
) -> Iterator[CheckLine]:
    """Yield how the hooks of an owner fare that are ours. Raises ApiError."""
    name = f"webhook of {owner.name}"
    above = None if owner.is_org else list_hooks_above(client, owner)
    hooks = [*webhooks.list_hooks_at(client, owner.path), *(above or ())]
    mine = [one for one in hooks if is_ours(one, known.sending, url)]
    for hook in mine:
        yield inspect_hook(client, name, hook, url or known.urls.get(f"hook {hook.id}"))
    if mine:
        return
    is_all = owner.is_org or above is not None
    if is_all and any(is_part_of(owner, one) for one in known.heard):
        yield CheckLine(
            name, "", "none is listed, though one delivered: make it with --register URL"
        )
    else:
        yield CheckLine(name, "there is none: what happens is found by asking GitHub")


def inspect_hook(client: Client, name: str, hook: Webhook, url: str | None) -> CheckLine:
    """Return how a hook fares that should point to `url`. Raises ApiError."""
    wrong = webhooks.list_faults(hook, url)
    codes = [one.code for one in webhooks.list_sent(client, hook)]
    if codes and not 200 <= codes[0] < 300:
        wrong.append("was not answered as it should")
    last = ", ".join(str(code or "no answer") for code in codes) or "none yet"
    if wrong:
        return CheckLine(name, "", f"{hook.id} {', '.join(wrong)}; last answers: {last}")
    return CheckLine(
        name, f"{hook.id} delivers to {without_secrets(hook.url)}; last answers: {last}"
    )


def is_part_of(owner: HookOwner, repository: str) -> bool:
    """Tell whether a repository, by its name in lower case, is or belongs to an owner."""
    name = owner.name.lower()
    return repository == name or repository.startswith(f"{name}/")


def list_hooks_above(client: Client, owner: HookOwner) -> list[Webhook] | None:
    """Return the hooks of a repository's owner, a person has none; None where they are hidden."""
    organisation = owner.name.partition("/")[0]
    hooks = webhooks.list_visible_hooks(client, f"/orgs/{organisation}/hooks")
    if hooks is not None:
        return hooks
    account = read_object(client.get(f"/users/{organisation}").body, "account")
    return [] if account.get("type") == "User" else None
