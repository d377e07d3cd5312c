"""Write the columns of runs that follow from stored rows, after all rows of a transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    case,
    false,
    func,
    null,
    select,
    union_all,
)

from engines import kind_of, use_index
from engines.asking.questions import Question, ask
from engines.bulk.id_list import among_ids
from engines.chunks import by_scope
from rows import StoredName, derive, retries
from rows.derive import Attempt, Timing
from rows.version import STUB
from rows.words import FAILED_JOB, RunKey
from schema.tables.ci import jobs, of_kind, runattempts, workflowruns, workflows
from store.write import retried_jobs
from store.write.stored_rows import Values
from store.write.upsert import numbers_of, upsert

TIMED = of_kind(runattempts, "derived")
MIRRORED = of_kind(workflowruns, "derived")
OF_TIMING = frozenset(Timing._fields)
TOLD = (
    *("branchname", "commithash", "workflowname", "repo", "repoid"),
    *("parentgitid", "parentjobgitid", "pullrequest", "createtime"),
)
"""What a job or a list tells of a run, or the run that made it."""

Locked = Callable[[], Mapping[RunKey, Row[Any]]]
"""Returns the stored runs, which are locked; to be called once something was asked of them."""


def resolve_workflow_names(connection: Connection, runs: Iterable[Values]) -> None:
    """Give runs the stored name of their workflow where the payload does not say it."""
    nameless = [values for values in runs if isinstance(values.get("workflowname"), StoredName)]
    if not nameless:
        return
    gitids = {values["workflowname"].workflowgitid for values in nameless}
    query = select(workflows.c.provider, workflows.c.gitid, workflows.c.name)
    names = {
        (provider, gitid): name
        for provider, gitid, name in connection.execute(query.where(workflows.c.gitid.in_(gitids)))
    }
    for values in nameless:
        gitid, otherwise = values["workflowname"]
        values["workflowname"] = names.get((values["provider"], gitid)) or otherwise


def lock_runs(connection: Connection, touched: Iterable[Values]) -> dict[RunKey, Row[Any]]:
    """Lock the runs among these that are stored already, and return them."""
    keys = {(values["provider"], values["gitid"]) for values in touched}
    return {
        (provider, row.gitid): row
        for provider, gitids in by_scope(sorted(keys))
        for row in rows_of(connection, LOCK_RUNS, provider, gitids)
    }


def select_needed(rows: Iterable[Values], stored: Mapping[RunKey, Row[Any]]) -> list[Values]:
    """Return the rows that may change a stored run, or add one."""
    return [one for one in rows if is_needed(one, stored.get((one["provider"], one["gitid"])))]


def is_needed(values: Values, stored: Row[Any] | None) -> bool:
    """Tell whether a row changes the stored run: a stub fills what is unknown, or is refused."""
    if stored is None or values["version"] != STUB or values["repoid"] != stored.repoid:
        return True
    told = (name for name in TOLD if values.get(name) is not None)
    return any(getattr(stored, name) is None for name in told)


def update_runs(
    connection: Connection,
    touched: Sequence[Values],
    stubs: Iterable[Values],
    locked: Locked,
    known: tuple[Sequence[Values], Sequence[Values]] = ((), ()),
    note: Callable[[], None] | None = None,
    late: Sequence[Values] = (),
) -> None:
    """Derive attempts and mirrored columns of runs that are locked; `known` are others' changes.

    The changes of all are noted (`note`) while the server reads what is derived from. `late` are
    rows of runs of which it was not known whether they are needed.
    """
    kind_of(connection).push(connection)
    if note and not touched:
        note()
    retried_jobs.number_jobs(connection, {(one["provider"], one["gitid"]) for one in touched})
    attempts, runs = derive_changes(connection, touched, stubs, locked, note)
    upsert(connection, "runattempts", [*attempts, *known[0]])
    needed = select_needed(late, locked()) if late else ()
    upsert(connection, "workflowruns", [*needed, *runs, *known[1]], numbers_of(locked()))


def derive_changes(
    connection: Connection,
    touched: Iterable[Values],
    stubs: Iterable[Values],
    locked: Locked,
    meanwhile: Callable[[], None] | None = None,
) -> tuple[list[Values], list[Values]]:
    """Return what of attempts and of runs differs from what follows from the stored rows.

    An attempt of which a stub alone is known is stored so: with its key, and what is derived.
    """
    repoids = {(values["provider"], values["gitid"]): values["repoid"] for values in touched}
    numbers: dict[RunKey, set[int]] = defaultdict(set)
    for values in stubs:
        numbers[values["provider"], values["rungitid"]].add(values["attempt"])
    changed_attempts, changed_runs = list[Values](), list[Values]()
    for provider, gitids in by_scope(sorted(repoids)):
        attempts: dict[int, list[Row[Any]]] = defaultdict(list)
        ran: dict[int, list[derive.Job]] = defaultdict(list)
        rows, meanwhile = rows_of(connection, ATTEMPTS_AND_JOBS, provider, gitids, meanwhile), None
        for row in rows:
            if row.version is None:
                ran[row.rungitid].append(job_of(row))
            else:
                attempts[row.rungitid].append(row)
        inner = retried_jobs.read_jobs(connection, provider, gitids)
        stored = locked()
        for gitid in gitids:
            key = provider, gitid
            before = {row.attempt: row for row in attempts[gitid]}
            known = {number: stub_of(number) for number in numbers[key]}
            known |= {number: attempt_of(row) for number, row in before.items()}
            timings = {
                number: derive.timing(attempt, ran[gitid])
                if inner is None
                else retries.timing(attempt, [row.job for row in inner.get(gitid, ())])
                for number, attempt in known.items()
            }
            run = {"provider": provider, "rungitid": gitid, "repoid": repoids[key]}
            for number, timing in timings.items():
                values = {name: getattr(timing, name) for name in TIMED}
                if differs(before.get(number), values):
                    changed_attempts.append({**run, "attempt": number, **values, "version": STUB})
            values = mirror(known, timings)
            if values and differs(stored.get(key), values):
                changed_runs.append({"provider": provider, "gitid": gitid, **values})
    return changed_attempts, changed_runs


def mirror(known: Mapping[int, Attempt], timings: Mapping[int, Timing]) -> Values:
    """Return what a run says of its highest attempt; nothing while none is known."""
    top = derive.highest(list(known.values()))
    if top is None:
        return {}
    timing = timings[top.attempt]
    return {name: getattr(timing if name in OF_TIMING else top, name) for name in MIRRORED}


def query_of(table: Table, run: str, names: Iterable[str]) -> Select[Any]:
    """Return the query for columns of some runs; `run` is the one that holds the run's id."""
    wanted, its = [table.c[name] for name in (run, *names)], table.c.provider == bindparam("of")
    return select(*wanted).where(its, among_ids(table.c[run], "gitids"))


FLAGS = ("is_open", "has_failed")
"""What is told of jobs that are as if they were one: of any of them."""


def attempts_and_jobs() -> CompoundSelect[Any]:
    """Return the query for the attempts of runs, and for their jobs, which have no version.

    The jobs of an attempt and a system are as if they were one, which starts with the first of
    them and ends with the last: nothing more is derived from them.
    """
    names = ("version", *(name for name in Attempt._fields if name != "known"), *TIMED)
    attempts = query_of(runattempts, "rungitid", names)
    attempts = attempts.add_columns(null().label("os"), *(null().label(name) for name in FLAGS))
    job = jobs.c
    told: dict[str, ColumnElement[Any]] = {
        "attempt": job.attempt,
        "starttime": func.min(job.starttime),
        "endtime": func.max(job.endtime),
    }
    conditions = (job.endtime.is_(None), job.conclusion.in_(FAILED_JOB))
    flags = [
        func.max(case((condition, 1), else_=0)).label(name)
        for name, condition in zip(FLAGS, conditions, strict=True)
    ]
    ran = (
        query_of(jobs, "rungitid", ())
        .add_columns(*(told.get(name, null()).label(name) for name in names), job.os, *flags)
        .where(job.inherited.is_(false()))
        .group_by(job.rungitid, job.attempt, job.os)
    )
    return union_all(attempts, ran)


ATTEMPTS_AND_JOBS = attempts_and_jobs()
# Without the index the servers would read, and lock, every row of a small table.
LOCK_RUNS = use_index(
    query_of(workflowruns, "gitid", ("Id", *TOLD, *MIRRORED)).with_for_update(),
    workflowruns,
    "uq_workflowruns",
)
"""Locks runs, and no others, in the order of their keys."""


def rows_of(
    connection: Connection,
    query: Select[Any] | CompoundSelect[Any],
    provider: str,
    gitids: Sequence[int],
    meanwhile: Callable[[], None] | None = None,
) -> Sequence[Row[Any]]:
    """Return what a query finds of these runs."""
    question = Question(query, {"of": provider, "gitids": gitids})
    return ask(connection, question, meanwhile=meanwhile)[0]


def attempt_of(row: Row[Any]) -> Attempt:
    """Return a stored attempt; one without a version is only known by its jobs."""
    names = (name for name in Attempt._fields if name != "known")
    return Attempt(known=bool(row.version), **{name: getattr(row, name) for name in names})


def stub_of(number: int) -> Attempt:
    """Return an attempt of which only jobs are known."""
    return Attempt(number, False, None, None, None, None, None)


def job_of(row: Row[Any]) -> derive.Job:
    """Return jobs that ran in their own attempt as the derivation sees them."""
    flags = (bool(getattr(row, name)) for name in FLAGS)
    return derive.Job(row.attempt, row.starttime, row.endtime, row.os, False, *flags)


def differs(row: Row[Any] | None, values: Values) -> bool:
    """Tell whether a stored row, if there is one, lacks one of these values."""
    return row is None or any(getattr(row, name) != value for name, value in values.items())
