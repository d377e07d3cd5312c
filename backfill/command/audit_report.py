"""A verdict as people read it, and as machines do. Pure: text and objects, nothing is printed."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from backfill.audit.findings import (
    BRANCH,
    COMMIT,
    GAP,
    HEAD,
    LISTING,
    QUARANTINED,
    SPOOLED,
    UNREADABLE,
    Finding,
    is_of_run,
)
from backfill.audit.verdict import Verdict, findings_as_objects
from backfill.watched_repositories import GoneRepository
from config.times import to_the_minute
from rows.counted import counted
from rows.one_line import one_line
from rows.sources import source_of

MOST = 200
"""Findings, and rows of days, that people are told one by one; machines are told all."""
NOUNS = {
    BRANCH: ("branch", "branches"),
    COMMIT: ("commit", "commits"),
    GAP: ("gap in the run numbers", "gaps in the run numbers"),
    HEAD: ("head of a branch", "heads of branches"),
    LISTING: ("list that is not whole", "lists that are not whole"),
    QUARANTINED: ("quarantined delivery", "quarantined deliveries"),
    SPOOLED: ("spooled delivery", "spooled deliveries"),
    UNREADABLE: ("unreadable object", "unreadable objects"),
}
"""What is missing beside runs: one of it, and more."""
COLUMNS = ("workflow", "day", "listed", "stored", "missing")


class FailedAudit(NamedTuple):
    """A repository, or a vendor, that could not be audited, and why; with the exit code."""

    name: str
    why: str
    code: int = 1
    vendor: str = ""


def format_verdict(verdict: Verdict) -> str:
    """Return a verdict as lines: a row for each workflow and day, then what is missing."""
    since, until = map(to_the_minute, verdict.span)
    prefix = source_of(verdict.provider).watched_as
    lines = [f"{prefix}{verdict.name}: {since} to {until} UTC", *format_days(verdict)]
    for title, findings in (("missing", verdict.findings), ("not missing", verdict.notes)):
        if findings:
            lines.append(f"{title}:")
            lines += [f"  {format_finding(finding)}" for finding in findings[:MOST]]
        if len(findings) > MOST:
            lines.append(f"  and {len(findings) - MOST} more: --json names them all")
    return "\n".join([*lines, format_conclusion(verdict)])


def format_days(verdict: Verdict) -> list[str]:
    """Return the runs by workflow and day; of very many those where something is missing."""
    if not verdict.days:
        return ["  no runs"]
    shown, many = verdict.days, len(verdict.days)
    if many > MOST:
        shown = tuple(day for day in verdict.days if day.missing)[:MOST]
    left = [f"  and {many - len(shown):,} more: --json has them all"] if many > len(shown) else []
    rows = [
        COLUMNS,
        *((one_line(day.workflow), str(day.day), *map(str, day[2:])) for day in shown),
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    signs = "<<>>>"  # texts to the left, numbers to the right
    lines = [
        "  "
        + "  ".join(
            f"{cell:{sign}{width}}" for cell, sign, width in zip(row, signs, widths, strict=True)
        )
        for row in rows
    ]
    return [*lines, *left]


def format_finding(finding: Finding) -> str:
    """Return a finding in one line that no text in it can break."""
    place = ", ".join(str(part) for part in (finding.workflow, finding.day) if part)
    text = (
        f"{finding.kind} {finding.name}"
        + (f" ({place})" if place else "")
        + (f": {finding.why}" if finding.why else "")
    )
    return one_line(text)


def format_conclusion(verdict: Verdict) -> str:
    """Return the verdict in one sentence; a run that lacks anything counts as missing, once."""
    runs = f"{verdict.stored:,} of {counted(verdict.listed, 'run')}"
    if verdict.is_complete:
        return f"complete until {to_the_minute(verdict.span.until)} UTC, {runs}"
    missing = verdict.listed - verdict.stored
    if missing:
        runs += f", {missing:,} missing"
    others = Counter(finding.kind for finding in verdict.findings if not is_of_run(finding))
    words = ", ".join(format_count(kind, others[kind]) for kind in sorted(others))
    return f"incomplete: {runs}" + (f"; {'also ' * bool(missing)}missing: {words}" * bool(words))


def format_count(kind: str, count: int) -> str:
    """Return how many findings of a kind there are, in words."""
    noun, plural = NOUNS[kind]
    return f"{count:,} {noun if count == 1 else plural}"


def format_json(
    verdicts: Iterable[Verdict],
    failed: Iterable[FailedAudit],
    gone: Iterable[GoneRepository] = (),
) -> str:
    """Return verdicts as one JSON object; times in UTC with Z, days as dates."""
    repositories = [as_object(verdict) for verdict in verdicts]
    errors = [
        {"repository": audit.name, "vendor": audit.vendor, "error": audit.why} for audit in failed
    ]
    ended = [
        {
            "repository": end.name,
            "provider": end.provider,
            "since": f"{end.since.isoformat()}Z",
            "reason": end.reason,
        }
        for end in gone
    ]
    is_complete = bool(repositories or ended) and not errors
    is_complete = is_complete and all(r["complete"] for r in repositories)
    report = {"complete": is_complete, "repositories": repositories, "failed": errors}
    if ended:
        report["gone"] = ended
    return json.dumps(report, indent=1)


def as_object(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as a JSON object."""
    return {
        "repository": verdict.name,
        "provider": verdict.provider,
        "since": f"{verdict.span.since.isoformat()}Z",
        "until": f"{verdict.span.until.isoformat()}Z",
        "door": verdict.door,
        "complete": verdict.is_complete,
        "listed": verdict.listed,
        "stored": verdict.stored,
        "missing": len(verdict.findings),
        "days": [{**day._asdict(), "day": day.day.isoformat()} for day in verdict.days],
        "findings": findings_as_objects(verdict.findings),
        "notes": findings_as_objects(verdict.notes),
    }
