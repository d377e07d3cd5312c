"""Rows of runs of which nothing, or no job, is stored: inserted with what follows from them.

A backfill brings a run's jobs at once, mostly, and runs that nobody has. What is derived of such a
run follows from the rows in hand: nothing is read again, and no row is written twice.

Nobody adds to a run that is stored, for it is locked. One that is not may be another writer's by
now, so these rows are inserted, not merged: of a row that is there after all the database says so,
and all is done again the other way (store/doors/api.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from engines.asking.questions import Question, ask
from engines.chunks import by_scope
from rows import derive
from rows.sources import source_of
from rows.version import STUB
from rows.words import FAILED_JOB, RunKey
from store.write import derived_columns
from store.write.derived_columns import (
    ATTEMPTS_AND_JOBS,
    LOCK_RUNS,
    TIMED,
    Locked,
    attempt_of,
    differs,
    mirror,
    stub_of,
)
from store.write.first_reads import FirstReads
from store.write.merge_rules import adds_nothing, merged
from store.write.repositories import Tables
from store.write.stored_rows import Values
from store.write.upsert import Numbers, insert_new, numbers_of

AttemptRows = dict[int, Row[Any]]
"""Stored attempts of a run, by their numbers."""


class StoredParts(NamedTuple):
    """The stored runs among those that are touched, locked; their attempts; those with jobs."""

    runs: Mapping[RunKey, Row[Any]]
    attempts: Mapping[RunKey, AttemptRows]
    with_jobs: set[RunKey]


class Fresh(NamedTuple):
    """Runs whose derived columns are known, new rows that have them, and changes of stored ones."""

    runs: set[RunKey]
    rows: Tables
    attempts: list[Values]
    mirrored: list[Values]


class LockedRuns(NamedTuple):
    """New rows to be inserted, and what `derived_columns.update_runs` is to know of the others."""

    rows: Tables
    others: tuple[list[Values], list[Values], Locked, tuple[list[Values], list[Values]]]
    numbers: dict[str, Numbers]
    """Of the stored ones, by table."""
    late: list[Values]
    """Rows of runs of which it is not known yet whether they are needed."""


class RunInHand:
    """What a batch brings of a run."""

    def __init__(self) -> None:
        self.runs: list[Values] = []
        self.attempts: list[Values] = []
        self.stubs: set[int] = set()
        self.jobs: list[Values] = []
        self.repeats = False
        """Whether a row of it comes twice."""


def lock_runs(
    connection: Connection, tables: Tables, first: FirstReads, *, may_insert: bool
) -> LockedRuns:
    """Lock the stored runs of a batch; leave in its tables what is merged with stored rows."""
    runs, attempts = tables["workflowruns"], tables["runattempts"]
    hopes = first.hopes and may_insert
    if hopes:
        stored = lock_parts(connection, runs)
    elif first.runs is None:
        stored = StoredParts(derived_columns.lock_runs(connection, runs), {}, set())
    else:
        stored = StoredParts(first.runs, {}, set())
    late = list[Values]()
    if first.foreseen is None:
        tables["workflowruns"] = derived_columns.select_needed(runs, stored.runs)
    else:
        late = [values for values in runs if values["version"] == STUB]
        tables["workflowruns"] = [values for values in runs if values["version"] != STUB]
    stubs = [values for values in attempts if values["version"] == STUB]
    tables["runattempts"] = [values for values in attempts if values["version"] != STUB]
    fresh = Fresh(set(), {}, [], [])
    if hopes:
        fresh = take_fresh(connection, tables, runs, stubs, stored)
        runs = [one for one in runs if (one["provider"], one["gitid"]) not in fresh.runs]
        stubs = [one for one in stubs if (one["provider"], one["rungitid"]) not in fresh.runs]
    changes = fresh.attempts, fresh.mirrored
    numbers: dict[str, Numbers] = {"workflowruns": numbers_of(stored.runs)}
    locked = first.foreseen.confirm if first.foreseen else lambda: stored.runs
    return LockedRuns(fresh.rows, (runs, stubs, locked, changes), numbers, late)


def lock_parts(connection: Connection, touched: Iterable[Values]) -> StoredParts:
    """Lock the runs among these that are stored, and return what is stored of them."""
    stored = StoredParts({}, defaultdict(dict), set())
    keys = {(values["provider"], values["gitid"]) for values in touched}
    runs: dict[RunKey, Row[Any]] = {}
    for provider, gitids in by_scope(sorted(keys)):
        values = {"of": provider, "gitids": gitids}
        queries = (LOCK_RUNS, ATTEMPTS_AND_JOBS)
        locked, parts = ask(connection, *(Question(query, values) for query in queries))
        runs |= {(provider, row.gitid): row for row in locked}
        for row in parts:
            key = provider, row.rungitid
            if row.version is None:
                stored.with_jobs.add(key)
            else:
                stored.attempts[key][row.attempt] = row
    return stored._replace(runs=runs)


def take_fresh(
    connection: Connection,
    tables: Tables,
    touched: Iterable[Values],
    stubs: Iterable[Values],
    stored: StoredParts,
) -> Fresh:
    """Take the rows of fresh runs out of those of a batch, and add what is derived of them.

    Jobs are sent first, where their runs are locked: a server stores them while it is derived.
    """
    repoids = {(values["provider"], values["gitid"]): values["repoid"] for values in touched}
    in_hand = sort_by_run(tables, stubs)
    taken = {key: in_hand[key] for key in repoids if is_fresh(key, in_hand[key], stored)}
    fresh = Fresh(set(taken), defaultdict(list), [], [])
    jobs = [job for run in taken.values() for job in run.jobs]
    if all(key in stored.runs for key, run in taken.items() if run.jobs):
        insert_new(connection, "jobs", jobs)
    else:
        fresh.rows["jobs"] = jobs
    for key, run in taken.items():
        derive_run(key, run, stored, fresh, repoids[key])
    others = [run for key, run in in_hand.items() if key not in fresh.runs]
    tables["workflowruns"] = [
        values
        for key, run in in_hand.items()
        for values in run.runs
        if key not in fresh.runs or key in stored.runs
    ]
    tables["runattempts"] = [values for run in others for values in run.attempts]
    tables["jobs"] = [values for run in others for values in run.jobs]
    return fresh


def sort_by_run(tables: Tables, stubs: Iterable[Values]) -> dict[RunKey, RunInHand]:
    """Return the rows of runs in a batch, by run."""
    by_run: dict[RunKey, RunInHand] = defaultdict(RunInHand)
    for values in tables["workflowruns"]:
        by_run[values["provider"], values["gitid"]].runs.append(values)
    for values in tables["runattempts"]:
        by_run[values["provider"], values["rungitid"]].attempts.append(values)
    for values in stubs:
        by_run[values["provider"], values["rungitid"]].stubs.add(values["attempt"])
    for values in tables["jobs"]:
        by_run[values["provider"], values["rungitid"]].jobs.append(values)
    jobs = Counter((values["provider"], values["gitid"]) for values in tables["jobs"])
    again = {job for job, count in jobs.items() if count > 1} if len(jobs) < jobs.total() else ()
    for (provider, _), run in by_run.items():
        numbers = {values["attempt"] for values in run.attempts}
        run.repeats = len(numbers) < len(run.attempts)
        if again:
            run.repeats |= any((provider, job["gitid"]) in again for job in run.jobs)
    return by_run


def is_fresh(key: RunKey, run: RunInHand, stored: StoredParts) -> bool:
    """Tell whether all that is known of a run's jobs is in hand, and of its attempts, too."""
    if run.repeats or key in stored.with_jobs or source_of(key[0]).retries_inside:
        return False
    is_new = key not in stored.runs
    if is_new and (not run.runs or key in stored.attempts):
        return False
    known = stored.attempts.get(key, ())
    return not any(values["attempt"] in known for values in run.attempts)


def derive_run(key: RunKey, run: RunInHand, stored: StoredParts, fresh: Fresh, repoid: int) -> None:
    """Add the rows of a fresh run, and what of the stored ones changes."""
    before = stored.attempts.get(key, {})
    known = {number: stub_of(number) for number in run.stubs}
    known |= {number: attempt_of(row) for number, row in before.items()}
    brought = {values["attempt"]: values for values in run.attempts}
    known |= {number: attempt_in_hand(values) for number, values in brought.items()}
    jobs = [job_in_hand(values) for values in run.jobs]
    timings = {number: derive.timing(attempt, jobs) for number, attempt in known.items()}
    own = {"provider": key[0], "rungitid": key[1], "repoid": repoid}
    for number, timing in timings.items():
        values = {name: getattr(timing, name) for name in TIMED}
        if number in brought:
            fresh.rows["runattempts"].append({**brought[number], **values})
        elif number not in before:
            stub = {**own, "attempt": number, **values, "version": STUB}
            fresh.rows["runattempts"].append(stub)
        elif differs(before[number], values):
            fresh.attempts.append({**own, "attempt": number, **values, "version": STUB})
    mirrored = mirror(known, timings)
    if key not in stored.runs:
        fresh.rows["workflowruns"].append({**join_records(run.runs), **mirrored})
    elif mirrored and differs(stored.runs[key], mirrored):
        fresh.mirrored.append({"provider": key[0], "gitid": key[1], **mirrored})


def join_records(records: Sequence[Values]) -> Values:
    """Return what records of a run that is not stored leave: its own, and stubs of its jobs."""
    joined, *others = sorted(records, key=itemgetter("version"), reverse=True)
    for values in others:
        if adds_nothing(values, joined):
            continue
        joined = merged("workflowruns", {**dict.fromkeys(values), **joined}, values)
    return joined


def attempt_in_hand(values: Values) -> derive.Attempt:
    """Return an attempt as a row says it."""
    told = (values.get(name) for name in derive.Attempt._fields[2:])
    return derive.Attempt(values["attempt"], True, *told)


def job_in_hand(values: Values) -> derive.Job:
    """Return a job as the derivation sees it."""
    get = values.get
    start, end, failed = get("starttime"), get("endtime"), get("conclusion") in FAILED_JOB
    is_inherited = bool(get("inherited"))
    return derive.Job(values["attempt"], start, end, get("os"), is_inherited, end is None, failed)
