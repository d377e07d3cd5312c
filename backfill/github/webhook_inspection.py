"""How the webhooks fare that are ours: one line each, for `--check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backfill.github import webhooks
from backfill.github.webhook_setup import HIDDEN, Place
from backfill.github.webhooks import Hook
from backfill.http.client import Client
from backfill.http.errors import Problem


class Line(NamedTuple):
    """One thing that was looked at: `wrong` is empty when all is well."""

    name: str
    found: str
    wrong: str = ""


class Known(NamedTuple):
    """What the store knows: hooks that delivered, names it heard of, where hooks should point."""

    sending: frozenset[int] = frozenset()
    heard: frozenset[str] = frozenset()
    urls: Mapping[str, str] = {}


def looked_at(client: Client, place: Place, url: str | None, known: Known) -> Iterator[Line]:
    """Yield how the hooks of a place fare that are ours. Raises Problem."""
    name = f"webhook of {place.name}"
    above = None if place.is_org else of_organisation(client, place)
    found = [*webhooks.listed(client, place.path), *(above or ())]
    mine = [one for one in found if one.id in known.sending or is_ours(one, url)]
    for hook in mine:
        yield line_of(client, name, hook, url or known.urls.get(f"hook {hook.id}"))
    if mine:
        return
    is_all = place.is_org or above is not None
    if is_all and any(is_of(place, one) for one in known.heard):
        yield Line(name, "", "none is listed, though one delivered: make it with --register URL")
    else:
        yield Line(name, "there is none: what happens is found by asking GitHub")


def line_of(client: Client, name: str, hook: Hook, url: str | None) -> Line:
    """Return how a hook fares that should point to `url`. Raises Problem."""
    wrong = webhooks.wrongs(hook, url)
    codes = [one.code for one in webhooks.last_sent(client, hook)]
    if codes and not 200 <= codes[0] < 300:
        wrong.append("was not answered as it should")
    last = ", ".join(str(code or "no answer") for code in codes) or "none yet"
    if wrong:
        return Line(name, "", f"{hook.id} {', '.join(wrong)}; last answers: {last}")
    return Line(name, f"{hook.id} delivers to {webhooks.plain(hook.url)}; last answers: {last}")


def is_of(place: Place, repository: str) -> bool:
    """Tell whether a repository, by its name in lower case, is or belongs to a place."""
    name = place.name.lower()
    return repository == name or repository.startswith(f"{name}/")


def is_ours(hook: Hook, url: str | None) -> bool:
    """Tell whether a hook that never delivered to us is meant to."""
    return webhooks.is_listener(hook) if url is None else webhooks.is_at(hook, url)


def of_organisation(client: Client, place: Place) -> list[Hook] | None:
    """Return the hooks of a repository's owner, a person has none; None where they are hidden."""
    owner = place.name.partition("/")[0]
    try:
        return webhooks.listed(client, f"/orgs/{owner}/hooks")
    except Problem as problem:
        if problem.status not in HIDDEN:
            raise
    found = client.get(f"/users/{owner}").body
    return [] if found.get("type") == "User" else None
