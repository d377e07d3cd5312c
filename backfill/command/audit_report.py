"""A verdict as people read it, and as machines do. Pure: text and objects, nothing is printed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from backfill.audit.findings import Finding
from backfill.audit.verdict import Verdict, shown

MOST = 200
"""Findings that people are told one by one; machines are told all."""
HEAD = ("workflow", "day", "listed", "stored", "missing")


class Unaudited(NamedTuple):
    """A repository that could not be audited, and why."""

    name: str
    why: str


def text(found: Verdict) -> str:
    """Return a verdict as lines: a row for each workflow and day, then what is missing."""
    lines = [f"{found.name}: {clock(found.span.since)} to {clock(found.span.until)} UTC"]
    lines += table(found)
    for title, those in (("missing", found.findings), ("not missing", found.notes)):
        if those:
            lines.append(f"{title}:")
            lines += [f"  {line(one)}" for one in those[:MOST]]
        if len(those) > MOST:
            lines.append(f"  and {len(those) - MOST} more: --json names them all")
    return "\n".join([*lines, conclusion(found)])


def table(found: Verdict) -> list[str]:
    """Return the runs by workflow and day."""
    if not found.days:
        return ["  no runs"]
    rows = [HEAD, *((one.workflow, str(one.day), *map(str, one[2:])) for one in found.days)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    return [
        "  " + "  ".join([row[0].ljust(widths[0]), row[1].ljust(widths[1]), *right(row, widths)])
        for row in rows
    ]


def right(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the numbers of a row, aligned."""
    return [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]


def line(one: Finding) -> str:
    """Return a finding in one line that no text in it can break."""
    place = ", ".join(str(part) for part in (one.workflow, one.day) if part)
    told = (
        f"{one.kind} {one.name}"
        + (f" ({place})" if place else "")
        + (f": {one.why}" if one.why else "")
    )
    return "".join(sign if sign.isprintable() else "?" for sign in told)


def conclusion(found: Verdict) -> str:
    """Return the verdict in one sentence."""
    runs = f"{found.stored:,} of {found.listed:,} runs"
    if found.is_complete:
        return f"complete until {clock(found.span.until)} UTC, {runs}"
    return f"incomplete: {runs}, {len(found.findings)} missing"


def clock(time: datetime) -> str:
    """Return a time to the minute."""
    return f"{time:%Y-%m-%d %H:%M}"


def machine(verdicts: Iterable[Verdict], failed: Iterable[Unaudited]) -> str:
    """Return verdicts as one JSON object; times in UTC with Z, days as dates."""
    told = [as_object(one) for one in verdicts]
    broken = [{"repository": one.name, "error": one.why} for one in failed]
    is_complete = bool(told) and not broken and all(one["complete"] for one in told)
    return json.dumps({"complete": is_complete, "repositories": told, "failed": broken}, indent=1)


def as_object(found: Verdict) -> dict[str, Any]:
    """Return a verdict as a JSON object."""
    return {
        "repository": found.name,
        "since": f"{found.span.since.isoformat()}Z",
        "until": f"{found.span.until.isoformat()}Z",
        "door": found.door,
        "complete": found.is_complete,
        "listed": found.listed,
        "stored": found.stored,
        "missing": len(found.findings),
        "days": [{**one._asdict(), "day": one.day.isoformat()} for one in found.days],
        "findings": shown(found.findings),
        "notes": shown(found.notes),
    }
