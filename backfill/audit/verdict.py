"""What an audit says of a repository: how much is listed and stored, and what is missing. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from backfill.audit.findings import OF_RUNS, Finding
from backfill.records import ListedRun

GRACE = timedelta(minutes=5)
"""What happened so recently may still be on its way to us: GitHub's deliveries lag by minutes."""
UNNAMED = "(unnamed)"


class Span(NamedTuple):
    """A span of time, both ends included, in UTC without zone."""

    since: datetime
    until: datetime


class Day(NamedTuple):
    """The runs of one workflow and day: listed by GitHub, stored whole, and what is missing."""

    workflow: str
    day: date
    listed: int
    stored: int
    missing: int


class Verdict(NamedTuple):
    """What an audit says of one repository; `notes` explain what looks missing and is not."""

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
    listed: Iterable[ListedRun], missing: Collection[Finding], broken: Collection[int | None]
) -> tuple[Day, ...]:
    """Return the runs by workflow and day; `broken` are the runs that are not stored whole."""
    total: Counter[tuple[str, date]] = Counter()
    stored: Counter[tuple[str, date]] = Counter()
    for run in listed:
        if run.createtime:
            place = (run.workflow or UNNAMED, run.createtime.date())
            total[place] += 1
            stored[place] += run.gitid not in broken
    lacking = Counter((one.workflow or UNNAMED, one.day) for one in missing if one.kind in OF_RUNS)
    places = sorted({*total, *((name, day) for name, day in lacking if day)})
    return tuple(Day(*place, total[place], stored[place], lacking[place]) for place in places)


def judge(
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
    broken = {finding.run for finding in missing if finding.kind in OF_RUNS}
    whole, days = sum(run.gitid not in broken for run in runs), count_days(runs, missing, broken)
    return Verdict(repoid, name, span, door, len(runs), whole, missing, notes, days)


def steady(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by kind, day and name, each once."""

    def key(finding: Finding) -> tuple[str, str, str]:
        return finding.kind, str(finding.day or ""), finding.name

    return tuple(dict.fromkeys(sorted(findings, key=key)))


def findings_as_objects(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as JSON objects."""
    return [{**one._asdict(), "day": one.day.isoformat() if one.day else None} for one in findings]
