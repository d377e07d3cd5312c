"""python -m backfill.command.webhook: webhooks, set up or looked at, for the listener.

Settings, the key and the secret among them, come from the environment.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.progress_bars import format_span
from backfill.records import KnownHooks, Refusal, Webhook
from backfill.vendors import HOOK_KEEPERS, HookKeeper
from backfill.watched_repositories import GoneRepository
from backfill.webhook_address import check_listener_url, hook_note
from config import webhook_secret
from config.command_line import CommandLine
from config.settings import BadSetting, Settings, read
from engines import reading
from engines.transaction import transact
from rows.one_line import one_line
from runtime.check_line import CheckLine
from store import open
from store.deliveries import received
from store.deliveries.table import now
from store.open import CannotStart
from store.state import gone_repositories, notes

TRIES = 3
LONGEST_WAIT = timedelta(seconds=20)
"""For which a person who looks would wait."""
TIMEOUT, LOOKS = (5, 10), 2
"""Seconds for a connection and an answer, and tries, while a person looks."""
CLOSE, APART = 5, 300
"""Seconds between two clocks that are not worth a word, and from which on times mislead."""
URL = "url"
"""The note that says where a hook should point; its subject is the hook."""
NO_REPOS = "say whose webhook is meant: org/repo, or org for all of its repositories"
NO_KEY = "is needed to manage webhooks (-k)"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the flags say; return the exit code: 0 done, 1 not all, 2 change something first."""
    try:
        flags = read_flags(argv)
        settings = read({})
        register = flags["register"]
        url = check_listener_url(register) if register else None
        parts = settings.parts()
        has_any = any(part.source.token for part in parts)
        for part in parts:
            if not part.source.token and not (flags["check"] and has_any):
                raise BadSetting(HOOK_KEEPERS[part.vendor].KEY, NO_KEY)
        if not settings.repos and not flags["check"]:
            raise BadSetting("-r", NO_REPOS)
        with opened_usable_store(settings) as engine:
            if flags["check"]:
                return max(check_hooks(part, engine, url) for part in parts)
            return max(set_up_hooks(part, engine, str(url)) for part in parts)
    except BadSetting as error:
        return report_failure(str(error), 2)
    except KeyboardInterrupt:
        return 130


def read_flags(argv: Sequence[str] | None) -> dict[str, Any]:
    """Return the flags. Raises BadSetting."""
    parser = CommandLine(prog="python -m backfill.command.webhook", description=__doc__)
    parser.add_argument("--register", metavar="URL", help="where the listener answers")
    parser.add_argument("--check", action="store_true", help="change nothing; print JSON lines")
    flags = parser.read(argv)
    if not flags["check"] and not flags["register"]:
        raise BadSetting("usage", "either --register or --check (see --help)")
    return flags


def report_failure(why: str, code: int) -> int:
    """Print in one line what failed, and return the exit code."""
    print(one_line(why), file=sys.stderr, flush=True)
    return code


def connect(vendor: HookKeeper, settings: Settings) -> Client:
    """Return the vendor, which answers and accepts the key. Raises ApiError."""
    client = vendor.open_client(settings, waiting)
    vendor.check_key(client, TRIES)
    return client


def waiting(why: str, until: datetime) -> None:
    """Tell people of a wait."""
    print(one_line(f"{why}: going on at {until:%H:%M:%S} UTC"), file=sys.stderr, flush=True)


class TooLong(Exception):
    """The vendor answers nothing for longer than a person waits; the text says until when."""


def refuse_to_wait(why: str, until: datetime) -> None:
    """End a look that would take long. Raises TooLong."""
    if until - now() > LONGEST_WAIT:
        raise TooLong(f"{why}: nothing can be asked until {until:%H:%M:%S} UTC")
    waiting(why, until)


@contextmanager
def opened_usable_store(settings: Settings) -> Iterator[Engine | None]:
    """Give the store; None where there is none, or where it cannot be used: it need not be."""
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(open.opened_if_there(settings, open.ASK))
            is_usable = engine is not None and open.age(engine) == "current"
        except CannotStart:
            is_usable = False
        yield engine if is_usable else None


def read_known_hooks(engine: Engine | None, vendor: str) -> KnownHooks:
    """Return what the store knows of a vendor's hooks."""
    if engine is None:
        return KnownHooks()
    with reading(engine).connect() as connection:
        senders = received.read_senders(connection, vendor)
        urls = notes.named(connection, URL)
    return KnownHooks(frozenset(senders.hooks), frozenset(senders.repositories), urls)


def remember_url(engine: Engine | None, vendor: str, hook: Webhook, url: str) -> None:
    """Note where a hook points on purpose: --check and health compare with it."""
    if engine is not None:
        transact(
            engine, lambda connection: notes.put(connection, hook_note(vendor, hook.id), URL, url)
        )


def set_up_hooks(settings: Settings, engine: Engine | None, url: str) -> int:
    """Register the hook of every owner; return the exit code. Raises BadSetting."""
    secrets = webhook_secret.named_secrets(settings)
    if not secrets:
        name = webhook_secret.secret_setting(settings.vendor)
        raise BadSetting(name, "is not set: use listener.py --register, which knows it")
    secret, vendor = secrets[0].decode(), HOOK_KEEPERS[settings.vendor]
    known, code = read_known_hooks(engine, settings.vendor), 0
    try:
        client = connect(vendor, settings)
    except ApiError as problem:  # of one vendor, which leaves the others be
        return report_failure(str(problem), 2 if problem.is_bad_key else 1)
    for owner in vendor.hook_owners(settings.repos):
        try:
            hook, done, last = vendor.set_up_hook(client, owner, url, secret, known.sending)
            print(one_line(f"{owner.name}: {done}"), flush=True)
            remember_url(engine, settings.vendor, hook, url)
            pinged = vendor.wait_for_ping(client, hook, last)
            print(one_line(f"{owner.name}: {pinged}"), flush=True)
        except ApiError as problem:
            code = report_failure(vendor.explain_refusal(client, owner, problem).why, 1)
    return code


def check_hooks(settings: Settings, engine: Engine | None, url: str | None) -> int:
    """Print how the hooks of every owner fare, a JSON object each; return the exit code."""
    lines = list[CheckLine]()
    try:
        lines += inspect_hooks(settings, engine, url)
    except TooLong as error:
        lines.append(CheckLine(HOOK_KEEPERS[settings.vendor].KEY, "", str(error)))
    for line in lines:
        print(json.dumps(line._asdict()), flush=True)
    return int(any(line.wrong for line in lines))


def inspect_hooks(
    settings: Settings, engine: Engine | None, url: str | None
) -> Iterator[CheckLine]:
    """Yield how the hooks fare. A key that may not see them is no fault: lists are compared."""
    vendor = HOOK_KEEPERS[settings.vendor]
    if not settings.source.token:
        told = f"is not set: webhooks of {vendor.TITLE} are not looked at"
        yield CheckLine(vendor.KEY, told, warning=True)
        return
    try:
        client = vendor.open_client(settings, refuse_to_wait)
        client.timeout = TIMEOUT
        vendor.check_key(client, LOOKS)
        known = read_known_hooks(engine, settings.vendor)
    except ApiError as problem:
        yield CheckLine(vendor.KEY, "", str(problem))
        return
    yield CheckLine(vendor.KEY, f"is accepted by {vendor.TITLE}")
    if client.rate_limit.ahead is not None:
        yield inspect_clock(vendor.TITLE, client.rate_limit.ahead)
    if not settings.repos:
        yield CheckLine("webhooks", "are not looked at: name repositories with -r", warning=True)
    for owner in vendor.hook_owners(settings.repos):
        try:
            yield from vendor.inspect_hooks(client, owner, url, known)
        except ApiError as problem:
            end = find_end(engine, owner.name) if problem.is_gone or problem.is_blocked else None
            if end is not None:
                yield CheckLine("webhook", f"not looked at: {end}")
            else:
                yield explain_unseen(vendor.explain_refusal(client, owner, problem))


def inspect_clock(title: str, ahead: float) -> CheckLine:
    """Return how this machine's clock fares, by how many seconds it is `ahead` of a vendor's."""
    if abs(ahead) < APART:
        apart = f" to {abs(ahead):.0f} s" if abs(ahead) > CLOSE else ""
        return CheckLine("clock", f"agrees with {title}'s{apart}")
    side, span = "ahead of" if ahead > 0 else "behind", format_span(abs(ahead))
    wrong = f"is {span} {side} {title}'s: set it (timedatectl), or nights and healing are wrong"
    return CheckLine("clock", "", wrong)


def explain_unseen(refusal: Refusal) -> CheckLine:
    """Return why hooks were not looked at: wrong where their owner is not found at all."""
    if refusal.is_absent:
        return CheckLine("webhook", "", f"{refusal.why}: is it spelled so?")
    return CheckLine("webhook", f"not looked at: {refusal.why}", warning=True)


def find_end(engine: Engine | None, name: str) -> str | None:
    """Return what the store says of a repository that is gone."""
    if engine is None:
        return None
    with reading(engine).connect() as connection:
        gone = gone_repositories.list_gone(connection)
    ends = (GoneRepository.of(one) for one in gone if one.name.lower() == name.lower())
    return next((end.sentence for end in ends), None)


if __name__ == "__main__":
    raise SystemExit(main())
