"""Jobs of runs inside of which jobs are tried again: read, and told which try each of them is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, select

from engines.bulk.id_list import among_ids
from engines.chunks import by_scope
from rows.retries import InnerJob, Try, number_tries
from rows.sources import source_of
from rows.words import RunKey
from schema.tables.ci import jobs, workflowruns
from store.write.stored_rows import Values
from store.write.upsert import upsert


class StoredTry(NamedTuple):
    """A stored job, what is stored of its tries, and what it lacks of the names of its run.

    A job that came alone does not say all of them, and its run may not have been there.
    """

    job: InnerJob
    stored: tuple[int | None, bool | None]
    names: dict[str, str | None]


OWN_RUN = and_(workflowruns.c.provider == jobs.c.provider, workflowruns.c.gitid == jobs.c.rungitid)
NAMES = ("workflowname", "branchname")
LACKING = [case((jobs.c[name].is_(None), workflowruns.c[name])) for name in NAMES]
QUERY = (
    select(jobs.c.rungitid, *(jobs.c[name] for name in (*InnerJob._fields, *Try._fields)), *LACKING)
    .join(workflowruns, OWN_RUN)
    .where(jobs.c.provider == bindparam("of"), among_ids(jobs.c.rungitid, "gitids"))
)

JobsByRun = Mapping[int, Sequence[StoredTry]]


def read_jobs(connection: Connection, provider: str, gitids: Sequence[int]) -> JobsByRun | None:
    """Return the jobs of runs by run; None where the vendor makes attempts of runs instead."""
    if not source_of(provider).retries_inside:
        return None
    by_run: dict[int, list[StoredTry]] = defaultdict(list)
    for rungitid, *values in connection.execute(QUERY, {"of": provider, "gitids": gitids}):
        *told, tryno, superseded, flow, branch = values
        names = dict(zip(NAMES, (flow, branch), strict=True))
        by_run[rungitid].append(StoredTry(InnerJob(*told), (tryno, superseded), names))
    return by_run


def number_jobs(connection: Connection, runs: Iterable[RunKey]) -> None:
    """Store which try each job of these runs is, and of what, as this transaction locks them."""
    changes = list[Values]()
    for provider, gitids in by_scope(sorted(runs)):
        for run in (read_jobs(connection, provider, gitids) or {}).values():
            tries = number_tries(row.job for row in run)
            for row in run:
                own = tries[row.job.gitid]
                if row.stored != own or any(row.names.values()):
                    told = {**own._asdict(), **row.names}
                    changes.append({"provider": provider, "gitid": row.job.gitid, **told})
    upsert(connection, "jobs", changes)
