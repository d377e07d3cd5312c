"""Errors of whole days in their order, by what each day comes to: as `error_ranking` has them.

Ended days are not counted again with each ask; of some workflow, job, branch or runner they are
counted among the failures that are kept of them.
"""

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from config.calendar import Calendar
from engines.chunks import chunks
from schema.tables.failures import failures
from store.errors import error_days, error_ranking
from store.errors.error_days import CountedDays, DaysWanted
from store.errors.error_filter import (
    CAUSE,
    SAYS_NOTHING,
    ErrorFilter,
    asks_jobs,
    narrow,
)
from store.errors.error_places import ErrorNames, name_places
from store.errors.error_ranking import ErrorDays, ErrorPage, KnownError, find_first
from store.errors.error_sums import ErrorCount, add_counts
from store.errors.job_failures import JobFailures
from store.errors.word_search import list_said
from store.reads.months import RolledDay


class RankedErrors:
    """The errors of whole days; `borders`: of the days, and the end of the last."""

    def __init__(
        self,
        connection: Connection,
        calendar: Calendar,
        borders: Sequence[datetime],
        wanted: ErrorFilter,
    ) -> None:
        self.connection, self.calendar = connection, calendar
        self.borders, self.filter = borders, wanted
        spans = list(itertools.pairwise(borders))
        self.wanted = DaysWanted(calendar, spans, wanted._replace(text=None, problem=None))
        self.kept: list[RolledDay] = error_days.list_kept(connection, self.wanted)
        self.counted: CountedDays | None = None
        self.of_jobs: JobFailures | None = None
        self.names: set[str] | None = None
        if self.kept or asks_jobs(wanted):
            self.names = self.list_names()
        if asks_jobs(wanted):
            self.of_jobs = JobFailures(connection, self.wanted, self.kept, self.names)
            self.counted = self.of_jobs.count_days()
        elif self.kept:
            self.counted = error_days.count_days(connection, self.wanted, self.kept)

    def list_errors(self, most: int, skip: int = 0, by: str = error_ranking.SORTS[0]) -> ErrorPage:
        """Return errors in the order of SORTS, the most or latest first."""
        if self.counted is None:
            return error_ranking.list_errors(self.connection, self.filter, most, skip, by)
        counts = dict(self.counted.sums[0].counts)
        for part in self.counted.sums[1:]:
            add_counts(counts, part.counts)
        if self.names is not None:
            counts = {name: counts[name] for name in self.names if name in counts}
        if self.filter.kind == CAUSE:
            for name in self.list_vague(counts):
                del counts[name]
        if self.filter.is_new:
            counts = {name: counts[name] for name in self.list_new(counts)}
        chosen = choose(counts, self.rank(counts, by), most, skip)
        errors = self.read_messages({name: counts[name] for name in chosen})
        return ErrorPage(errors, len(counts) if chosen else 0)

    def count_days(self, fingerprints: Sequence[str]) -> dict[str, ErrorDays]:
        """Return the days and nights of errors."""
        if self.counted is None:
            return error_ranking.count_days(
                self.connection, self.calendar, self.borders, self.filter, fingerprints
            )
        counted = {name: ErrorDays([], set()) for name in fingerprints}
        for day in self.counted.days:
            for name, own in counted.items():
                jobs = 0
                for night, parts in day.nights:
                    if name in parts:
                        jobs += parts[name]
                        own.nights.add(night)
                own.days.append(jobs)
        return counted

    def count_kinds(self) -> dict[str, int]:
        """Return in how many jobs a message is of each kind that is never ranked."""
        if self.of_jobs is not None:
            return self.of_jobs.count_kinds()
        if not self.kept or self.filter.text is not None:
            return error_ranking.count_kinds(self.connection, self.filter)
        if self.names is not None:
            its = self.wanted.filter._replace(fingerprints=sorted(self.names))
            return error_ranking.count_kinds(self.connection, its)
        return error_days.count_unranked(self.connection, self.wanted, self.kept)

    def name_places(self, counts: Mapping[str, int]) -> dict[str, ErrorNames]:
        """Return where the latest failures of each error were; `counts`: in how many jobs."""
        if self.of_jobs is not None:
            return self.of_jobs.name_places(counts)
        return name_places(self.connection, self.filter, counts)

    def rank(self, counts: Mapping[str, ErrorCount], by: str) -> dict[str, tuple[Any, datetime]]:
        """Return what errors are ordered by, the greatest first."""
        if by == "repositories":
            places = self.count_repositories(counts)
            return {name: (places[name], count.last) for name, count in counts.items()}
        place = ErrorCount._fields.index(by)
        return {name: (count[place], count.last) for name, count in counts.items()}

    def count_repositories(self, names: Iterable[str]) -> dict[str, int]:
        """Return in how many repositories errors were."""
        sums = self.counted.sums if self.counted else []
        none: frozenset[int] = frozenset()
        return {
            name: len(none.union(*(part.repoids.get(name, none) for part in sums)))
            for name in names
        }

    def list_names(self) -> set[str] | None:
        """Return the errors that have the words in any message, and the problem; None for all."""
        names: set[str] | None = None
        if self.filter.text is not None:
            names = list_said(self.connection, self.filter, self.filter.text)
        if self.filter.problem is not None:  # an error is of one; a step in its index for each
            f = failures.c
            query = select(f.fingerprint).where(f.problem == self.filter.problem).distinct()
            alike = set(self.connection.scalars(query))
            names = alike if names is None else names & alike
        return names

    def list_vague(self, counts: Mapping[str, ErrorCount]) -> list[str]:
        """Return the errors of an earlier release, which kept no kind, that say nothing."""
        f = failures.c
        vague = or_(*(f.message.like(pattern) for pattern in SAYS_NOTHING))
        latest = {count.latest: name for name, count in counts.items() if not count.kinds}
        return [
            latest[number]
            for part in chunks(list(latest))
            for number in self.connection.scalars(select(f.Id).where(f.Id.in_(part), vague))
        ]

    def list_new(self, counts: Mapping[str, ErrorCount]) -> list[str]:
        """Return the errors that nothing older than the days has."""
        f, older = failures.c, failures.alias("older").c
        latest = {count.latest: name for name, count in counts.items()}
        before = (older.fingerprint == f.fingerprint, older.time < self.filter.since)
        # A step in an index for each, in its order: of NOT EXISTS servers make a join with all.
        ordered = select(older.Id).where(*before).order_by(older.fingerprint, older.time)
        first = ordered.limit(1).scalar_subquery()
        query = select(f.Id).where(first.is_(None))
        return [
            latest[number]
            for part in chunks(list(latest))
            for number in self.connection.scalars(query.where(f.Id.in_(part)))
        ]

    def read_messages(self, counts: Mapping[str, ErrorCount]) -> list[KnownError]:
        """Return errors with their latest messages."""
        f = failures.c
        query = select(f.fingerprint, f.provider, f.rungitid, f.message, f.kind, f.problem)
        latest = {name: count.latest for name, count in counts.items()}
        said = self.find_by_id(query, latest.values())
        gone = [name for name in counts if name not in said]
        if gone:  # read anew since their day was counted
            newer = narrow(select(func.max(f.Id)), self.filter).where(f.fingerprint.in_(gone))
            newest = newer.group_by(f.fingerprint)
            said |= self.find_by_id(query, self.connection.scalars(newest).all())
        places, ever = self.count_repositories(said), find_first(self.connection, said)
        return [
            KnownError(name, own.jobs, places[name], own.first, own.last, *said[name])._replace(
                firstever=ever.get(name)
            )
            for name, own in counts.items()
            if name in said
        ]

    def find_by_id(self, query: Select[Any], numbers: Iterable[int]) -> dict[str, tuple[Any, ...]]:
        """Return what a SELECT says of failures by their Id, by its first column."""
        return {
            row[0]: tuple(row[1:])
            for part in chunks(numbers)
            for row in self.connection.execute(query.where(failures.c.Id.in_(part)))
        }


def choose(
    counts: Iterable[str], ranks: Mapping[str, tuple[Any, datetime]], most: int, skip: int
) -> list[str]:
    """Return the errors of a page: the greatest first, of those alike by their fingerprints."""
    least = heapq.nlargest(skip + most, (ranks[name] for name in counts))[-1:]
    near = sorted(name for name in counts if not least or ranks[name] >= least[0])
    return sorted(near, key=ranks.__getitem__, reverse=True)[skip : skip + most]
