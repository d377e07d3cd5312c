"""What deliveries must leave in the tables, in pure Python: the oracle of the convergence tests.

Every row is folded over its records in the order of their versions, which no database is asked
for. What follows from stored rows is derived by `rows.derive`, whose own tests stand elsewhere.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from rows import Mapped, StoredName, derive
from rows.branch_moves import Move, head_after
from rows.words import FAILED_JOB
from schema.tables.ci import PLACED, keys, metadata, of_kind
from tests.equality import COMPARED, LEFT_OUT, Contents, compared

Key = tuple[str, int]
Values = dict[str, Any]
Tables = dict[str, dict[tuple[object, ...], list[Values]]]


def folded(batch: Iterable[Mapped]) -> Contents:
    """Return the contents of a store that was given these deliveries, which are not among them."""
    tables: Tables = defaultdict(lambda: defaultdict(list))
    for mapped in batch:
        here = (mapped.provider, mapped.repository.values["gitid"])
        tables["repos"][here].append(mapped.repository.values)
        for row in mapped.rows:
            assert not isinstance(row.values.get("workflowname"), StoredName)
            values = {**row.values, "repoid": here, "told": mapped.repository.values["url"]}
            key = tuple(values[part] for part in keys(metadata.tables[row.table]))
            tables[row.table][key].append(values)
    stored = {
        name: {key: merged(name, records) for key, records in tables[name].items()}
        for name in COMPARED[:-1]
    }
    place(stored)
    derive_runs(stored)
    derive_branches(stored, tables["branchmoves"])
    for branch in stored["branches"].values():
        head = stored["commits"].get((branch["repoid"], branch.get("headhash")), {})
        branch["author"] = head.get("author")
    return {name: multiset(name, rows.values()) for name, rows in stored.items()}


def merged(name: str, records: list[Values]) -> Values:
    """Return what the records of one row leave, whatever order they come in."""
    table, row = metadata.tables[name], dict[str, Any]()
    for record in sorted(records, key=lambda one: one.get("version", b"")):
        for column, value in record.items():
            kind = "own" if column in ("told", "version") else table.c[column].info["kind"]
            old = row.get(column)
            if kind == "first" and None not in (old, value):
                value = min(old, value)
            elif kind == "last" and None not in (old, value):
                value = max(old, value)
            elif kind == "sticky":
                value = bool(old or value)
            if kind == "state" or value is not None:
                row[column] = value
    return row


def place(stored: dict[str, dict[tuple[object, ...], Values]]) -> None:
    """Give every row its repository's name and page of today."""
    for name in PLACED:
        for row in stored[name].values():
            here = stored["repos"][row["repoid"]]
            row["repo"] = here["name"]
            if row.get("url"):
                row["url"] = here["url"] + row["url"].removeprefix(row["told"])


def derive_runs(stored: dict[str, dict[tuple[object, ...], Values]]) -> None:
    """Derive each run and attempt from its attempts and jobs."""
    jobs: dict[tuple[object, ...], list[derive.Job]] = defaultdict(list)
    for job in stored["jobs"].values():
        told = {**job, "is_open": job.get("endtime") is None}
        told["has_failed"] = job.get("conclusion") in FAILED_JOB
        told = {name: told.get(name) for name in derive.Job._fields}
        jobs[job["provider"], job["rungitid"]].append(derive.Job(**told))
    attempts: dict[tuple[object, ...], list[derive.Attempt]] = defaultdict(list)
    for row in stored["runattempts"].values():
        known = {**row, "known": bool(row["version"])}
        attempt = derive.Attempt(**{name: known.get(name) for name in derive.Attempt._fields})
        attempts[row["provider"], row["rungitid"]].append(attempt)
        timing = derive.timing(attempt, jobs[row["provider"], row["rungitid"]])
        row.update({name: getattr(timing, name) for name in ("queuetime", "runtime")})
        row.update(starttime=timing.starttime, endtime=timing.endtime)
    for run, row in stored["workflowruns"].items():
        top = derive.highest(attempts[run])
        if top is not None:
            shown = {**top._asdict(), **derive.timing(top, jobs[run])._asdict()}
            mirrored = of_kind(metadata.tables["workflowruns"], "derived")
            row.update({name: shown[name] for name in mirrored})


def derive_branches(
    stored: dict[str, dict[tuple[object, ...], Values]],
    moves: dict[tuple[object, ...], list[Values]],
) -> None:
    """Point each branch where its moves end."""
    by_branch: dict[tuple[object, ...], set[Move]] = defaultdict(set)
    for (repoid, name, *move), _ in moves.items():
        by_branch[repoid, name].add(Move(*move))
    for branch, found in by_branch.items():
        head = head_after(found) or None
        gone = None if head else max(move.time for move in found)
        stored["branches"][branch].update(headhash=head, deletetime=gone)


def multiset(name: str, rows: Iterable[Values]) -> Counter[Any]:
    """Return rows in the form of `tests.equality.contents`."""
    columns = compared(metadata.tables[name], LEFT_OUT)
    return Counter(tuple((column, row.get(column)) for column in columns) for row in rows)
