"""What an audit says of a repository: how much is listed and stored, and what is missing. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from backfill.audit.findings import Finding, is_of_run
from backfill.records import ListedRun

GRACE = timedelta(minutes=5)
"""What happened so recently may still be on its way to us: GitHub's deliveries lag by minutes."""
UNNAMED = "(unnamed)"


class Span(NamedTuple):
    """A span of time, both ends included, in UTC without zone."""

    since: datetime
    until: datetime


class Day(NamedTuple):
    """The runs of one workflow and day: all that are known of, stored whole, and missing."""

    workflow: str
    day: date
    listed: int
    stored: int
    missing: int


class Verdict(NamedTuple):
    """What an audit says of one repository; `notes` explain what looks missing and is not.

    `listed` are the runs that a list or a finding names, `stored` those of them without a finding.
    """

    provider: str
    repoid: int
    name: str
    span: Span
    door: str
    listed: int
    stored: int
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    days: tuple[Day, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether nothing is missing."""
        return not self.findings


def span_of(since: datetime, now: datetime) -> Span:
    """Return the span from `since` to what had to be here by `now`."""
    return settle_span(Span(since, now), now)


def settle_span(span: Span, now: datetime) -> Span:
    """Return a span in whole seconds, without the moments before `now` that are not settled."""
    since, until = span.since, min(span.until, now - GRACE)
    return Span(since.replace(microsecond=0), max(since, until).replace(microsecond=0))


def count_days(
    listed: Iterable[ListedRun], missing: Collection[Finding], broken: Collection[int]
) -> tuple[Day, ...]:
    """Return the runs by workflow and day; `broken` are the runs that are not stored whole."""
    places = {one.run: (one.workflow, one.day) for one in missing if one.run in broken}
    places |= {
        run.gitid: (run.workflow, run.createtime and run.createtime.date()) for run in listed
    }
    total: Counter[tuple[str, date]] = Counter()
    stored: Counter[tuple[str, date]] = Counter()
    for gitid, (workflow, day) in places.items():
        if day:
            total[workflow or UNNAMED, day] += 1
            stored[workflow or UNNAMED, day] += gitid not in broken
    return tuple(
        Day(*place, total[place], stored[place], total[place] - stored[place])
        for place in sorted(total)
    )


def judge(
    provider: str,
    repoid: int,
    name: str,
    span: Span,
    door: str,
    listed: Sequence[ListedRun],
    missing: Sequence[Finding],
    notes: Sequence[Finding],
) -> Verdict:
    """Return the verdict on a repository; findings in a steady order, each once."""
    runs = [run for run in listed if run.createtime is None or run.createtime <= span.until]
    missing, notes = steady(missing), steady(notes)
    broken = {finding.run for finding in missing if is_of_run(finding) and finding.run}
    known = {run.gitid for run in runs} | broken
    days = count_days(runs, missing, broken)
    counts = len(known), len(known - broken)
    return Verdict(provider, repoid, name, span, door, *counts, missing, notes, days)


def steady(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by kind, day and name, each once."""

    def key(finding: Finding) -> tuple[str, str, str]:
        return finding.kind, str(finding.day or ""), finding.name

    return tuple(dict.fromkeys(sorted(findings, key=key)))


def findings_as_objects(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as JSON objects."""
    return [{**one._asdict(), "day": one.day.isoformat() if one.day else None} for one in findings]
