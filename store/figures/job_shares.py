"""The figures of the page Time: from roll-ups where they are made, else counted in the tables.

Counts and run times are exact either way. Spans that come from a roll-up are the middle of their
bucket (store.rollups.histogram), at most 4% away.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from engines.chunks import chunks
from schema.tables.ci import branches, repos
from store.figures.job_counts import count_jobs
from store.figures.split_spans import SplitSpan, UnrolledDays, split_span
from store.reads.shown_names import label_workflows, list_shared_names
from store.rollups import durations, histogram
from store.rollups.days import ALL
from store.rollups.durations import DayRuns, JobFilter, JobShare

Merged = dict[Any, JobShare]
Lengths = dict[float, int]
"""How many jobs took so many seconds."""


def count_runs(connection: Connection, split: SplitSpan) -> list[DayRuns]:
    """Return the runs created on each day, by conclusion; a run may have used several systems."""
    wanted = (split.span.os or "").casefold()
    rolled = [
        DayRuns(place, None if name is None else str(name), number)
        for place, _, detail in split.rolled
        for system, name, number, _ in detail.counts.get("runs", ())
        if wanted in (system or "").casefold()
    ]
    return rolled + [
        day._replace(day=part.first + day.day)
        for part in split.parts
        for day in durations.count_runs(connection, part.span)
    ]


def count_spans(connection: Connection, split: SplitSpan, subject: str) -> dict[int, Lengths]:
    """Return how long jobs waited or ran (one of SPANS), by the number of their day."""
    wanted = None if split.span.os is None else split.span.os.casefold()
    texts: defaultdict[int, list[str]] = defaultdict(list)
    for place, _, detail in split.rolled:
        texts[place] += (
            text
            for system, text in detail.spans.get(subject, ())
            if wanted is None or (system or "").casefold() == wanted
        )
    lengths: dict[int, Lengths] = {
        place: {
            histogram.middle(bucket): number for bucket, number in histogram.together(own).items()
        }
        for place, own in texts.items()
    }
    for part in split.parts:
        if part.counts is None:
            spans = durations.count_spans(connection, part.span, subject)
        else:
            spans = part.counts.spans[subject]
        for span in spans:
            day = lengths.setdefault(part.first + span.day, {})
            day[span.seconds] = day.get(span.seconds, 0) + span.jobs
    return lengths


ORDERS: dict[str, Callable[[JobShare], float]] = {
    "minutes": lambda share: share.seconds,
    "jobs": lambda share: share.jobs,
    "mean": lambda share: share.seconds / share.jobs,
}
"""What shares are ordered by, the most first."""


class RankedShares(NamedTuple):
    """The first shares of an order, and how many there are in all."""

    rows: list[JobShare]
    whole: int


def list_shares(
    connection: Connection, split: SplitSpan, by: str, limit: int, order: str = "minutes"
) -> RankedShares:
    """Return the jobs that ran, by one of SORTS, in one of ORDERS."""
    merged: Merged = {}
    add_shares(merged, list_rolled_shares(split, by))
    for part in split.parts:
        add_shares(merged, list_counted_shares(connection, part, by))
    first = ORDERS[order]
    by_name = sorted(merged.values(), key=lambda share: (share.name or "").casefold())
    chosen = sorted(by_name, key=lambda share: (-first(share), -share.seconds))[:limit]
    if by in ("repository", "workflow"):
        chosen = label_shares(connection, chosen, merged.values())
    return RankedShares(chosen, len(merged))


def list_counted_shares(connection: Connection, part: UnrolledDays, by: str) -> list[JobShare]:
    """Return the jobs of days without a roll-up, by one of SORTS."""
    if part.counts is None:
        return durations.list_shares(connection, part.span, by, None)
    return part.counts.shares[by]


def label_shares(
    connection: Connection, chosen: Sequence[JobShare], shares: Iterable[JobShare]
) -> list[JobShare]:
    """Return chosen shares of repositories or workflows, called by what tells them apart.

    A workflow's repository follows where others of the `shares` have one of its name.
    """
    of_workflows = any(isinstance(share.key, tuple) for share in chosen)
    ids = {share.key[0] if isinstance(share.key, tuple) else share.key for share in chosen}
    query = select(repos.c.Id, repos.c.name)
    names: dict[Any, str | None] = {
        number: name
        for part in chunks(ids)
        for number, name in connection.execute(query.where(repos.c.Id.in_(part)))
    }
    names |= {number: shared.label for number, shared in list_shared_names(connection).items()}
    if not of_workflows:
        return [share._replace(name=names.get(share.key, share.name)) for share in chosen]
    called = label_workflows(connection, {share.key: share.name or "" for share in chosen})
    homes: dict[str, set[Any]] = defaultdict(set)
    for share in shares:
        homes[(share.name or "").casefold()].add(share.key[0])
    return [
        share._replace(
            name=f"{called[share.key]} · {names.get(share.key[0])}"
            if len(homes[(share.name or "").casefold()]) > 1
            else called[share.key] or None,
            own=share.name,
        )
        for share in chosen
    ]


def list_rolled_shares(split: SplitSpan, by: str) -> Iterator[JobShare]:
    """Yield the shares of the days with a roll-up."""
    wanted = None if split.span.os is None else split.span.os.casefold()
    counts: defaultdict[Any, int] = defaultdict(int)
    totals: defaultdict[Any, float] = defaultdict(float)
    for repoid, counted in split.sums:
        of_one = by == "repository" and repoid != ALL
        subject = "jobs" if by == "os" or of_one else by
        for system, name, number, seconds in counted.get(subject, ()):
            if wanted is None or (system or "").casefold() == wanted:
                key = system if by == "os" else repoid if of_one else name
                counts[key] += number
                totals[key] += seconds
    for key, count in counts.items():
        if by == "workflow":
            *own, name = orjson.loads(key)
            yield JobShare(name, count, totals[key], tuple(own))
        elif by == "repository":
            yield JobShare(None, count, totals[key], key)
        else:
            yield JobShare(key, count, totals[key])


def add_shares(merged: Merged, shares: Iterable[JobShare]) -> None:
    """Add shares to those of the same key, or of the same name."""
    for share in shares:
        key = (share.name or "") if share.key is None else share.key
        known = merged.get(key, share._replace(jobs=0, seconds=0.0))
        total = (known.jobs + share.jobs, known.seconds + share.seconds)
        merged[key] = JobShare(known.name or share.name, *total, share.key)


def sum_jobs(connection: Connection, split: SplitSpan) -> JobShare:
    """Return the number and run time of all jobs that ran."""
    merged: Merged = {}
    add_shares(merged, (one._replace(name=None) for one in list_rolled_shares(split, "os")))
    add_shares(
        merged,
        (
            part.counts.whole if part.counts else durations.sum_jobs(connection, part.span)
            for part in split.parts
        ),
    )
    return merged.get("", JobShare(None, 0, 0.0))


def count_at_once(connection: Connection, split: SplitSpan) -> SplitSpan:
    """Return a span whose jobs without a roll-up were counted for all that is asked of them.

    Those of a branch, a workflow or a job: they are looked up once.
    """
    if not split.span.is_narrow:
        return split
    parts = [part._replace(counts=count_jobs(connection, part.span)) for part in split.parts]
    return split._replace(parts=parts)


def list_known(connection: Connection, span: JobFilter, by: str) -> list[str]:
    """Return the names that jobs of a span have, of those of SORTS that are names, or of branches.

    Names of all that is asked for otherwise are known: only the days and repositories count.
    """
    wide = JobFilter(span.borders, span.os, span.repoid, span.repoids)
    if by != "branch":
        split = split_span(connection, wide)
        shares = [*list_rolled_shares(split, by)]
        for part in split.parts:
            shares += list_counted_shares(connection, part, by)
        return sorted({share.name for share in shares if share.name})
    query = select(branches.c.name).distinct().order_by(branches.c.name)
    meant = (span.repoid,) if span.repoids is None else span.repoids
    if meant != (None,):
        query = query.where(branches.c.repoid.in_(meant))
    return [name for name in connection.scalars(query) if name]
