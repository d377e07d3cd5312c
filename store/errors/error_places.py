"""Where the latest failures of errors were: workflow, job, runner and branch are the job's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, union_all

from engines.chunks import chunks
from schema.tables.ci import jobs
from schema.tables.failures import failures
from store.errors.error_filter import ErrorFilter, conditions_of

EXAMPLES = 20
"""Of an error's latest failures, those that are asked for names."""

FEW = 3 * EXAMPLES
"""Jobs of an error all of whose failures are read at once with those of others."""

J, F = jobs.c, failures.c
NAMES = (J.workflowname, J.name, J.runnername, J.branchname)


class ErrorNames(NamedTuple):
    """Where the latest failures of an error were, most often first."""

    repositories: tuple[int, ...]
    workflows: tuple[str, ...]
    jobs: tuple[str, ...]
    runners: tuple[str, ...]
    branches: tuple[str, ...]


def name_places(
    connection: Connection, wanted: ErrorFilter, counts: Mapping[str, int], most: int = EXAMPLES
) -> dict[str, ErrorNames]:
    """Return where the `most` latest failures of each error were; `counts`: in how many jobs."""
    conditions = conditions_of(wanted._replace(text=None, problem=None))
    rare = [name for name, number in counts.items() if number <= FEW]
    seen: dict[str, list[Any]] = defaultdict(list)
    for part in chunks(rare):
        its = (*conditions, F.fingerprint.in_(part))
        for row in connection.execute(all_places(its)):
            seen[row.fingerprint].append(row)
    places = {
        name: [row[3:] for row in sorted(rows, key=by_time, reverse=True)[:most]]
        for name, rows in seen.items()
    }
    for part in chunks(name for name in counts if counts[name] > FEW):
        latest = [latest_places(conditions, name, most) for name in part]
        for fingerprint, *place in connection.execute(union_all(*latest)):
            places.setdefault(fingerprint, []).append(tuple(place))
    return {
        name: ErrorNames(*(often([row[at] for row in rows]) for at in range(5)))
        for name, rows in places.items()
    }


def by_time(row: Any) -> tuple[Any, int]:
    """Return what failures are sorted by."""
    return row.time, row.Id


def all_places(its: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """Return the SELECT of where failures were, all of them."""
    query = select(F.fingerprint, F.time, F.Id, F.repoid, *NAMES)
    same = and_(J.provider == F.provider, J.gitid == F.jobgitid)
    return query.select_from(failures.outerjoin(jobs, same)).where(*its)


def latest_places(
    conditions: Iterable[ColumnElement[bool]], fingerprint: str, most: int
) -> Select[Any]:
    """Return the SELECT of where an error's latest failures were."""
    its = (*conditions, F.fingerprint == fingerprint)
    # How far the latest reach back is told by the index alone: only these are sorted, and joined.
    times = select(F.time).where(*its).order_by(F.time.desc()).limit(most).subquery("times")
    since = select(func.min(times.c.time)).scalar_subquery()
    latest = (
        select(F.fingerprint, F.repoid, F.provider, F.jobgitid)
        .where(*its, F.time >= since)
        .order_by(F.time.desc(), F.Id.desc())
        .limit(most)
        .subquery("latest")
        .c
    )
    same = and_(J.provider == latest.provider, J.gitid == latest.jobgitid)
    # Of one whose job is not stored its repository is known.
    return select(latest.fingerprint, latest.repoid, *NAMES).join(jobs, same, isouter=True)


def often(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return the known ones of values, each once, that of most first."""
    counts: dict[Any, int] = defaultdict(int)
    for value in values:
        if value not in (None, ""):
            counts[value] += 1
    return tuple(sorted(counts, key=lambda value: (-counts[value], str(value))))
