"""Ask the lake what the other pages of the site list: branches, errors, flaky jobs, years."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from lake.catalog import literal
from lake.lake_views import queries
from lake.site.cells import TONE
from rows.words import FAILED, SUCCESS
from schema.tables.main_views import MAIN_NOW, MAIN_RED
from schema.tables.views import COLUMNS_OF_ERRORS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST = 200
"""Rows of a list."""
DAYS = 30
WEEKS = 160
"""Of the history; beyond it, months."""


class MainBranch(NamedTuple):
    """How a workflow stands on the default branch."""

    repository: str | None
    workflow: str | None
    branch: str | None
    conclusion: str
    endtime: datetime | None
    url: str | None
    since: datetime | None
    author: str | None
    commit: str | None


class Error(NamedTuple):
    """An error of the last days."""

    message: str
    jobs: int
    repositories: int
    days: int
    firstseen: datetime
    lastseen: datetime
    where: str


class FlakyJob(NamedTuple):
    """A job that failed and passed on the same commit."""

    repository: str
    workflow: str | None
    job: str
    commits: int
    flaky: int
    seconds: float
    lastseen: datetime


class Span(NamedTuple):
    """A week or a month of the history."""

    begin: date
    counts: dict[str, int]
    wait: float | None
    time: float | None


class State(NamedTuple):
    """How far the lake comes."""

    synced: datetime | None
    first: date | None
    last: date | None
    runs: int
    jobs: int


def rows_of(lake: "DuckDBPyConnection", query: str) -> list[tuple[Any, ...]]:
    """Return what a query answers."""
    return lake.execute(query).fetchall()


def read_state(lake: "DuckDBPyConnection") -> State:
    """Return how far the lake comes."""
    ((first, last, runs),) = rows_of(
        lake, "SELECT min(createtime)::DATE, max(createtime)::DATE, count(*) FROM workflowruns"
    )
    ((jobs, synced),) = rows_of(
        lake, "SELECT (SELECT count(*) FROM jobs), (SELECT max(synctime) FROM syncs)"
    )
    return State(synced, first, last, runs, jobs)


def list_main(lake: "DuckDBPyConnection") -> list[MainBranch]:
    """Return the workflows on their default branches, red ones first."""
    views = queries()
    query = f"""
        SELECT n.repository, n.workflow, n.branchname, n.conclusion, n.endtime, r.url, d.since,
            d.author, d.commithash
        FROM ({views[MAIN_NOW]}) n
        LEFT JOIN ({views[MAIN_RED]}) d
            ON d.provider = n.provider AND d.rungitid = n.rungitid
        LEFT JOIN workflowruns r ON r.provider = n.provider AND r.gitid = n.rungitid
        ORDER BY n.conclusion = 'success', d.since, n.repository, n.workflow"""
    return [MainBranch(*row) for row in rows_of(lake, query)]


def list_errors(lake: "DuckDBPyConnection", last: date) -> list[Error]:
    """Return the errors that most jobs ended with in the last days."""
    column = {name: value for name, (value, _) in COLUMNS_OF_ERRORS.items()}
    shown = ("message", "jobs", "repositories", "days", "firstseen", "lastseen")
    query = f"""
        SELECT {", ".join(f"{column[name]} AS {name}" for name in shown)}, max(repos.name)
        FROM failures LEFT JOIN repos ON repos."Id" = failures.repoid
        WHERE fingerprint IS NOT NULL AND message IS NOT NULL
            AND time > {literal(str(last))}::DATE - {DAYS}
        GROUP BY fingerprint HAVING {column["kind"]} = 'cause'
        ORDER BY jobs DESC, lastseen DESC, message LIMIT {MOST}"""
    return [Error(*row) for row in rows_of(lake, query)]


def list_flakes(lake: "DuckDBPyConnection", last: date) -> list[FlakyJob]:
    """Return the jobs that were flaky on most commits in the last days."""
    failed = f"conclusion IN ({', '.join(map(literal, FAILED))})"
    query = f"""
        WITH ends AS (
            SELECT repoid, max(repo) AS repo, workflowname, name, commithash,
                bool_or({failed}) AS failed, bool_or(conclusion = {literal(SUCCESS)}) AS passed,
                sum(runtime) FILTER ({failed}) AS seconds, max(createtime) AS lastseen
            FROM jobs WHERE createtime > {literal(str(last))}::DATE - {DAYS} AND NOT inherited
                AND starttime IS NOT NULL AND commithash IS NOT NULL AND repo IS NOT NULL
                AND ({failed} OR conclusion = {literal(SUCCESS)})
            GROUP BY repoid, workflowname, name, commithash
        )
        SELECT max(repo), workflowname, name, count(*),
            count(*) FILTER (failed AND passed) AS flaky,
            coalesce(sum(seconds) FILTER (failed AND passed), 0),
            max(lastseen) FILTER (failed AND passed) AS lastseen
        FROM ends GROUP BY repoid, workflowname, name HAVING flaky > 0
        ORDER BY flaky DESC, lastseen DESC, name LIMIT {MOST}"""
    return [FlakyJob(*row) for row in rows_of(lake, query)]


def unit_of(state: State) -> str:
    """Return what the history is counted by."""
    if state.first is None or state.last is None:
        return "week"
    return "week" if (state.last - state.first).days <= 7 * WEEKS else "month"


def list_history(lake: "DuckDBPyConnection", state: State) -> list[Span]:
    """Return all weeks of the lake, or its months where there are too many; gaps are there, too."""
    if state.first is None or state.last is None:
        return []
    unit = unit_of(state)
    begin = f"date_trunc('{unit}', {literal(str(state.first))}::DATE)"
    query = f"""
        WITH spans AS (
            SELECT unnest(generate_series({begin}::TIMESTAMP, {literal(str(state.last))}::TIMESTAMP,
                INTERVAL 1 {unit}))::DATE AS span
        ), counted AS (
            SELECT date_trunc('{unit}', createtime)::DATE AS span, {TONE} AS tone, count(*) AS runs
            FROM workflowruns WHERE status = 'completed' GROUP BY ALL
        ), waited AS (
            SELECT date_trunc('{unit}', createtime)::DATE AS span,
                median(queuetime) FILTER (NOT gated) AS wait, median(runtime) AS time
            FROM jobs WHERE NOT inherited AND status = 'completed' AND conclusion <> 'skipped'
                AND NOT coalesce(clockanomaly, false) GROUP BY ALL
        )
        SELECT span, coalesce(map_from_entries(list((c.tone, c.runs)) FILTER (c.tone IS NOT NULL)),
            MAP {{}}), any_value(w.wait), any_value(w.time)
        FROM spans LEFT JOIN counted c USING (span) LEFT JOIN waited w USING (span)
        GROUP BY span ORDER BY span"""
    return [Span(*row) for row in rows_of(lake, query)]
