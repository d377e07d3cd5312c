"""`python local-database.py --audit`: is anything missing, and what; `--repair` fetches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from backfill.audit import audit
from backfill.audit.repair import repair
from backfill.audit.verdict import Verdict, span_of
from backfill.command import audit_report, history
from backfill.command.arguments import checked, positive
from backfill.command.audit_report import FailedAudit
from backfill.command.history import Troubles
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from config.settings import BadSetting, Settings
from config.times import past
from config.watch import is_watched, watch
from engines import reading
from store import open
from store.open import CannotStart
from store.reads import for_audit
from store.write import renames

USUAL = "30d"
BAD_KEY = 401


class Asked(NamedTuple):
    """What the flags ask of an audit; `since` in UTC without zone."""

    since: datetime
    now: datetime
    as_json: bool
    repairs: bool
    is_offline: bool
    is_deep: bool
    max_requests: int | None
    spool: Path | None


def asked(given: Mapping[str, Any], settings: Settings, now: datetime) -> Asked:
    """Return what the flags ask. Raises BadSetting."""
    if given["offline"] and (given["repair"] or given["deep"]):
        flag = "--repair" if given["repair"] else "--deep"
        raise BadSetting(flag, "asks GitHub: leave --offline out")
    since = checked({"since": given.get("since") or USUAL}, "since", lambda text: past(text, now))
    spools = settings.on_database_down == "spool"
    return Asked(
        since,
        now,
        given["json"],
        given["repair"],
        given["offline"],
        given["deep"],
        checked(given, "max_requests", positive),
        settings.spool_dir if spools else None,
    )


def run(settings: Settings, ask: Asked, *, install: bool) -> int:
    """Audit every repository that is meant, print the verdicts and return the exit code.

    0: nothing is missing; 1: something is, or could not be audited. Raises CannotStart,
    BadSetting, BudgetSpent.
    """
    if not open.exists(settings):
        raise CannotStart("there is no database yet, so nothing to audit")
    patterns = settings.repos or history.stored_names(settings)
    verdicts, failed = list[Verdict](), list[FailedAudit]()
    with open.opened(settings, open.WORK) as engine:
        if open.age(engine) == "empty":
            raise CannotStart("the database is empty, so nothing can be audited")
        open.schema(engine, settings, install=install)
        each = offline if ask.is_offline else online
        for found in each(settings, engine, patterns, ask):
            if isinstance(found, FailedAudit):
                failed.append(found)
            else:
                verdicts.append(found)
            if not ask.as_json:
                print(shown(found), flush=True)
    if ask.as_json:
        print(audit_report.format_json(verdicts, failed))
    return int(bool(failed) or not all(one.is_complete for one in verdicts))


def shown(found: Verdict | FailedAudit) -> str:
    """Return what came of a repository, as people read it."""
    if isinstance(found, FailedAudit):
        return f"{found.name}: not audited: {found.why}"
    return audit_report.format_verdict(found)


def offline(
    settings: Settings, engine: Engine, patterns: tuple[str, ...], ask: Asked
) -> Iterator[Verdict | FailedAudit]:
    """Yield the verdicts that need no key. Raises BadSetting for what is not stored."""
    span = span_of(ask.since, ask.now)
    with reading(engine).connect() as connection:
        stored = for_audit.repositories(connection)
    watched = watch(patterns)
    meant = [number for number, known in stored.items() if is_watched(watched, known)]
    if not meant:
        raise BadSetting("-r", f"{', '.join(patterns)}: no such repository is stored")
    for number in meant:
        yield audit.cheaply(engine, number, span, door="offline", spool=ask.spool, pushes=True)


def online(
    settings: Settings, engine: Engine, patterns: tuple[str, ...], ask: Asked
) -> Iterator[Verdict | FailedAudit]:
    """Yield the verdicts of asking GitHub; with `repairs`, those after what was missing came."""
    span = span_of(ask.since, ask.now)
    github = history.connect(settings, ask.max_requests)
    if not github.client.token:
        github.reporter.say(github.vendor.NO_KEY)
    with desk_of(engine, github) as context:
        troubles = list[str]()
        for name in github.vendor.list_names(github.client, watch(patterns), troubles.append):
            try:
                repository = github.vendor.find_repository(context, name)
                found = audit.prove(
                    context, repository, span, door="command", deep=ask.is_deep, spool=ask.spool
                )
                if ask.repairs and found.findings:
                    context.reporter.say(
                        f"{repository.name}: {len(found.findings)} missing, fetching them"
                    )
                    repair(context, repository, found)
                    found = audit.prove(
                        context, repository, span, door="command", deep=ask.is_deep, spool=ask.spool
                    )
            except ApiError as problem:
                if problem.status == BAD_KEY:
                    raise
                yield FailedAudit(name, str(problem))
                continue
            yield found
        yield from (FailedAudit(*trouble.split(": ", 1)) for trouble in troubles)
        # A repository that was renamed: its older rows learn its name.
        while renames.rewrite(engine):
            pass


@contextmanager
def desk_of(engine: Engine, github: history.Connection) -> Iterator[Context]:
    """Give what a backfill works with, for as long as it is needed."""
    troubles, patience = Troubles(github.reporter), OutageRetry(github.reporter.say)
    writer, pool = Writer(engine, troubles, patience), ThreadPool()
    try:
        yield Context(engine, github.client, pool, writer, github.reporter, troubles)
    finally:
        github.client.rate_limit.stop()
        pool.close()
        writer.close()
        github.reporter.end()
