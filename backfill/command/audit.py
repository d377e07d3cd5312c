"""`python3 local-database.py --audit`: is anything missing, and what; `--repair` fetches it."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from backfill.audit import audit
from backfill.audit.repair import repair
from backfill.audit.verdict import Span, Verdict, span_of
from backfill.command import audit_report
from backfill.command.arguments import choose_patterns, list_parts, parse_count, parse_flag
from backfill.command.audit_report import FailedAudit
from backfill.command.vendor_connection import close_context, connect, open_context
from backfill.http.errors import ApiError
from backfill.vendors import vendor_of
from backfill.watched_repositories import GoneRepository, list_meant, look_up
from config.settings import BadSetting, Settings
from config.times import read_past_time
from config.watch import is_watched, watch
from engines import reading
from rows.counted import counted
from rows.one_line import one_line
from store import open
from store.deliveries.table import now
from store.open import CannotStart
from store.reads import repository_names
from store.state import gone_repositories
from store.write import renames

USUAL = "30d"
PERSON = 2
"""The exit code that says that somebody must change something first."""
AuditResult = Verdict | FailedAudit | GoneRepository


class AuditRequest(NamedTuple):
    """What the flags ask of an audit."""

    span: Span
    as_json: bool
    repairs: bool
    is_offline: bool
    is_deep: bool
    max_requests: int | None
    spool: Path | None


def parse_audit_request(
    given: Mapping[str, Any], settings: Settings, now: datetime
) -> AuditRequest:
    """Return what the flags ask. Raises BadSetting."""
    if given["offline"] and (given["repair"] or given["deep"]):
        flag = "--repair" if given["repair"] else "--deep"
        raise BadSetting(flag, "asks GitHub: leave --offline out")
    text = {"since": given.get("since") or USUAL}
    return AuditRequest(
        span_of(parse_flag(text, "since", lambda since: read_past_time(since, now)), now),
        given["json"],
        given["repair"],
        given["offline"],
        given["deep"],
        parse_flag(given, "max_requests", parse_count),
        settings.spool_dir if settings.on_database_down == "spool" else None,
    )


def run_audit(settings: Settings, request: AuditRequest, *, install: bool) -> int:
    """Audit every repository that is meant, print the verdicts and return the exit code.

    0: nothing is missing; 1: something is, could not be audited, or is newly gone. Raises
    CannotStart, BadSetting, BudgetSpent.
    """
    verdicts, failed, gone = list[Verdict](), list[FailedAudit](), list[GoneRepository]()
    with (
        open.opened_existing(settings, open.WORK, "nothing to audit") as engine,
        ExitStack() as asked,
    ):
        parts = [(part, choose_patterns(part, engine)) for part in list_parts(settings, engine)]
        if open.age(engine) == "empty":
            raise CannotStart("the database is empty, so nothing can be audited")
        open.schema(engine, settings, install=install)
        audit_all = audit_offline if request.is_offline else audit_online
        of_parts = [audit_all(part, engine, patterns, request) for part, patterns in parts]
        for results in of_parts:
            asked.callback(results.close)  # what ends the loop must not leave its threads at work
        names = [part.vendor for part, _ in parts]
        soft = map(end_softly, names, of_parts) if len(parts) > 1 else of_parts
        for result in chain.from_iterable(soft):
            if isinstance(result, FailedAudit):
                failed.append(result)
                text = f"{result.name}: not audited: {result.why}"
            elif isinstance(result, GoneRepository):
                gone.append(result)
                text = result.sentence
            else:
                verdicts.append(result)
                text = audit_report.format_verdict(result)
            if not request.as_json:
                print(text if isinstance(result, Verdict) else one_line(text), flush=True)
    if request.as_json:
        print(audit_report.format_json(verdicts, failed, gone))
    is_new = bool(failed) or any(repository.is_new for repository in gone)
    is_incomplete = is_new or not all(verdict.is_complete for verdict in verdicts)
    return max([int(is_incomplete), *(one.code for one in failed)])


def failed_of(problem: str, vendor: str) -> FailedAudit:
    """Return what could not be listed, as its sentence says it."""
    name, _, why = problem.partition(": ")
    return FailedAudit(name, why, vendor=vendor)


def end_softly(vendor: str, results: Iterator[AuditResult]) -> Iterator[AuditResult]:
    """Yield the results of one vendor of several; what ends them is one, too, and no error."""
    try:
        yield from results
    except (CannotStart, ApiError) as error:
        is_bad = error.is_bad_key if isinstance(error, ApiError) else error.code == PERSON
        code = PERSON if is_bad else 1
        yield FailedAudit(vendor_of(vendor).TITLE, str(error), code, vendor)


def audit_offline(
    settings: Settings, engine: Engine, patterns: tuple[str, ...], request: AuditRequest
) -> Generator[AuditResult]:
    """Yield the verdicts that need no key. Raises BadSetting for what is not stored."""
    with reading(engine).connect() as connection:
        stored = repository_names.list_all_names(connection, settings.vendor)
    watched = watch(patterns)
    meant = [repoid for repoid, names in stored.items() if is_watched(watched, names)]
    if not meant:
        raise BadSetting("-r", f"{', '.join(patterns)}: no such repository is stored")
    with reading(engine).connect() as connection:
        gone = {known.repoid: known for known in gone_repositories.list_gone(connection)}
    for repoid in meant:
        if repoid in gone:
            yield GoneRepository.of(gone[repoid])
            continue
        yield audit.audit_store(
            engine, repoid, request.span, door="offline", spool=request.spool, pushes=True
        )


def audit_online(
    settings: Settings, engine: Engine, patterns: tuple[str, ...], request: AuditRequest
) -> Generator[AuditResult]:
    """Yield the verdicts of asking; with `repairs`, those after what was missing came."""
    connection = connect(settings, request.max_requests)
    vendor, client, reporter = connection
    if not client.token:
        reporter.say(vendor.NO_KEY)
    context = open_context(engine, connection)
    audit_again = partial(
        audit.audit_vendor,
        context,
        span=request.span,
        door="command",
        deep=request.is_deep,
        spool=request.spool,
    )
    problems = list[str]()
    try:
        watched = watch(patterns)
        listed = vendor.list_names(client, watched, problems.append)
        for name in list_meant(engine, vendor, listed, watched):
            try:
                for repository in look_up(context, vendor, name, now()):
                    if isinstance(repository, GoneRepository):
                        yield repository
                        continue
                    verdict = audit_again(repository)
                    if request.repairs and verdict.findings:
                        missing = counted(len(verdict.findings), "finding")
                        reporter.say(f"{repository.name}: {missing}, fetching what they name")
                        repair(context, repository, verdict)
                        verdict = audit_again(repository)
                    yield verdict
            except ApiError as problem:
                if problem.is_bad_key:
                    raise
                yield FailedAudit(name, str(problem), vendor=vendor.NAME)
        yield from (failed_of(problem, vendor.NAME) for problem in problems)
        # A repository that was renamed: its older rows learn its name.
        while renames.rewrite(engine):
            pass
    finally:
        close_context(context)
