"""Webhooks of projects and groups, set up so that everything comes, and how those fare.

https://docs.gitlab.com/api/project_webhooks/ and https://docs.gitlab.com/api/group_webhooks/
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from backfill.gitlab.api_access import NAME
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_field, read_named
from backfill.records import HookOwner, Json, KnownHooks, Refusal, Webhook
from backfill.webhook_address import hook_note, is_listener, is_same, without_secrets
from config.watch import watch
from rows import fields
from runtime.check_line import CheckLine

EVENTS = ("push_events", "tag_push_events", "job_events", "pipeline_events")
SIGNING = "whsec_"
RIGHTS = "to be a maintainer's (an owner's for a group), with the scope api"
EXECUTABLE = "executable"


def hook_owners(patterns: Sequence[str]) -> list[HookOwner]:
    """Return the places that `-r` names, each once; a group covers its projects."""
    meant = watch(patterns)
    groups = [HookOwner(one, place_of("groups", one), True) for one in meant.owners.values()]
    names = [HookOwner(one, place_of("projects", one), False) for one in meant.names.values()]
    return groups + names


def place_of(kind: str, name: str) -> str:
    """Return where the hooks of a project or a group are listed."""
    return f"/{kind}/{quote(name, safe='')}/hooks"


def list_hooks_of(client: Client, owner: HookOwner) -> tuple[str, list[Json]]:
    """Return where the hooks of an owner are listed, and those; a name may be a group's, too.

    Raises ApiError: 403 and 404 are a lack of rights.
    """
    try:
        return owner.path, list_hooks_at(client, owner.path)
    except ApiError as problem:
        if owner.is_org or not problem.is_gone:
            raise
        place = place_of("groups", owner.name)
        try:
            return place, list_hooks_at(client, place)
        except ApiError as other:
            raise problem from other


def list_hooks_at(client: Client, place: str) -> list[Json]:
    """Return the hooks of a list. Raises ApiError."""
    pages = fetch_pages(client, f"{place}?per_page=100", know_nothing)
    return [record for page in pages for record in read_named(page.body)[0]]


def url_of(record: Json) -> str:
    """Return where a hook delivers to."""
    return fields.text(record, "url", "hook") or ""


def list_faults(record: Json, url: str | None) -> list[str]:
    """Return what is wrong with a hook that should point to `url`, each as `it ...`."""
    wrong = []
    if url is not None and not is_same(url_of(record), url):
        wrong.append(f"delivers to {without_secrets(url_of(record))}")
    lacking = [name for name in EVENTS if record.get(name) is not True]
    if lacking:
        wrong.append(f"does not send {', '.join(lacking)}")
    if record.get("enable_ssl_verification") is False and url_of(record).startswith("https"):
        wrong.append("does not verify the listener's certificate")
    if record.get("custom_webhook_template"):
        wrong.append("has a custom template: nobody can read what it sends")
    if record.get("push_events_branch_filter"):
        wrong.append("sends pushes of some branches only")
    state = fields.text(record, "alert_status", "hook")
    if state not in (None, EXECUTABLE):
        until = fields.text(record, "disabled_until", "hook")
        wrong.append(f"is {state}{f' until {until}' if until else ''}: nothing is sent meanwhile")
    return wrong


def wanted(url: str, secret: str) -> Json:
    """Return what a hook should be; a signing token is none that is sent along."""
    own: dict[str, Any] = dict.fromkeys(EVENTS, True)
    token = "signing_token" if secret.startswith(SIGNING) else "token"
    own |= {"url": url, "enable_ssl_verification": True, token: secret}
    return own


def set_up_hook(
    client: Client, owner: HookOwner, url: str, secret: str, sending: Collection[int]
) -> tuple[Webhook, str, int]:
    """Make or repair the hook of an owner that delivers to `url`.

    Return it, what was done, and 0: its log is not asked for. Raises ApiError.
    """
    place, records = list_hooks_of(client, owner)
    mine = next((one for one in records if is_same(url_of(one), url)), None)
    if mine is None:
        made = client.send("POST", place, wanted(url, secret)).body
        hook = read_hook(made, place)
        return hook, f"webhook {hook.id} was made, it delivers to {without_secrets(url)}", 0
    hook, wrong = read_hook(mine, place), list_faults(mine, url)
    clean = {"push_events_branch_filter": "", "custom_webhook_template": ""}
    change = {**wanted(url, secret), **{name: "" for name in clean if mine.get(name)}}
    client.send("PUT", hook.path, change)
    done = f"was repaired: it {', '.join(wrong)}" if wrong else "is as it should be"
    return hook, f"webhook {hook.id} {done}; its secret was set anew", 0


def read_hook(record: Json, place: str) -> Webhook:
    """Return a hook of the list at a place. Raises ApiError."""
    number = read_field(fields.number, record, "id", "hook")
    return Webhook(id=number, path=f"{place}/{number}", url=url_of(record))


def wait_for_ping(client: Client, hook: Webhook, last: int) -> str:
    """Have a push made up and delivered, and return what became of it in words."""
    try:
        client.send("POST", f"{hook.path}/test/push_events", tries=1)
    except ApiError as problem:
        return f"a test push was not answered as it should: {problem}"
    return "a test push was answered with 2xx"


def is_meant(address: str, url: str | None) -> bool:
    """Tell whether a hook's address is that of a listener, of the one at `url` where it is known.

    A delivery does not say which hook sent it.
    """
    return is_listener(address) if url is None else is_same(address, url)


def inspect_hooks(
    client: Client, owner: HookOwner, url: str | None, known: KnownHooks
) -> Iterator[CheckLine]:
    """Yield how the hooks of an owner fare that are ours. Raises ApiError."""
    name, (place, records) = f"webhook of {owner.name}", list_hooks_of(client, owner)
    mine = [one for one in records if is_meant(url_of(one), url)]
    for record in mine:
        hook = read_hook(record, place)
        wrong = list_faults(record, url or known.urls.get(hook_note(NAME, hook.id)))
        told = f"{hook.id} delivers to {without_secrets(hook.url)}"
        yield CheckLine(name, told, f"{hook.id} {', '.join(wrong)}" if wrong else "")
    if not mine:
        yield CheckLine(name, "there is none: what happens is found by asking GitLab")


def explain_refusal(client: Client, owner: HookOwner, problem: ApiError) -> Refusal:
    """Return in one line why the hooks of an owner are not to be had, and what is missing."""
    if not problem.is_hidden:
        return Refusal(f"{owner.name}: {problem}")
    kinds = ("groups",) if owner.is_org else ("projects", "groups")
    for kind in kinds:
        try:
            client.get(f"/{kind}/{quote(owner.name, safe='')}", tries=2)
        except ApiError as other:
            if not other.is_gone:
                return Refusal(f"{owner.name}: {other}")
            continue
        premium = "; webhooks of groups need GitLab Premium" if kind == "groups" else ""
        why = f"the key may not manage its webhooks: it needs {RIGHTS}{premium}"
        return Refusal(f"{owner.name}: {why}")
    return Refusal(f"{owner.name}: {problem}", True)
