"""Count the jobs and runs of the lake's last days in cells that any filter adds up exactly.

A cell is a day, a runner and a repository; for three tables also an event, a workflow or a job.
Names beyond the most frequent are one, and days are fewer where cells are too many, so that a site
stays as small for a large lake.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from lake.catalog import literal
from rows.words import FAILED, SKIPPED
from store.rollups.histogram import EXACT, RATIO

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DAYS = (90, 60, 30, 14, 7)
CELLS = 120_000
"""Cells of a site, of all tables together."""
LIMITS = {"runner": 40, "repository": 150, "event": 30, "workflow": 300, "job": 500}
"""How many names of a sort a site tells apart, the most frequent ones."""
FOLDED = ("event", "workflow", "job")
SETS = 500
"""Sets of runners that runs are told apart by."""

TONE = (
    "CASE WHEN conclusion = 'success' THEN 'passed'"
    f" WHEN conclusion IN ({', '.join(map(literal, FAILED))}) THEN 'failed'"
    f" WHEN conclusion = {literal(SKIPPED)} OR conclusion IS NULL THEN 'nothing' ELSE 'warned' END"
)
RUNNER = """CASE WHEN labels[1] IS NULL THEN coalesce(os, 'unknown')
 WHEN labels[1] = 'self-hosted' THEN array_to_string(labels, ', ') ELSE labels[1] END"""
"""The first label that a job asked for; all of them where that tells only that it is your own."""


class Cells(NamedTuple):
    """The cells, as the pages' script has them; `days` without gaps, names by their number."""

    days: list[str]
    names: dict[str, list[str | None]]
    cells: list[list[Any]]
    """day, runner, repository, jobs, failed, seconds, waits, their seconds, buckets of both."""
    by: dict[str, list[list[Any]]]
    """day, runner, repository, number of the name, jobs, failed, seconds, waits, their seconds."""
    sets: list[list[int]]
    """Which runners runs had."""
    runs: list[list[Any]]
    """day, repository, number of the set, tone, runs."""


def bucket(span: str) -> str:
    """Return the SQL of the number of a span's bucket."""
    above = f"{EXACT} + floor(ln({span} / {EXACT}) / ln({RATIO}) + 1e-9)"
    return f"CASE WHEN {span} < {EXACT} THEN floor({span}) ELSE {above} END::INTEGER"


def count_cells(lake: "DuckDBPyConnection", last: date) -> Cells:
    """Count the days up to the `last` one. Raises duckdb.Error."""
    limits = dict(LIMITS)
    for number in DAYS:
        read_jobs(lake, last, number)
        if fold(lake, limits) <= CELLS:
            break
    while fold(lake, limits) > CELLS and any(limits.values()):
        limits = {sort: limit // 2 for sort, limit in limits.items()}
    return list_cells(lake, last, number)


def read_jobs(lake: "DuckDBPyConnection", last: date, days: int) -> None:
    """Bring the jobs that ran in their own attempt, and the runs, into DuckDB's memory."""
    within = f"BETWEEN {literal(str(last - timedelta(days=days - 1)))}::DATE AND ?::DATE"
    waited = "NOT j.gated AND NOT coalesce(j.clockanomaly, false) AND "
    waited += f"j.conclusion <> {literal(SKIPPED)}"
    lake.execute(
        f"""CREATE OR REPLACE TEMP TABLE all_jobs AS
        WITH own AS (
            SELECT j.createtime::DATE AS day, j.repoid, j.provider, j.rungitid, j.repo, j.os,
                from_json(CASE WHEN json_valid(j.labels) THEN j.labels END, '["VARCHAR"]')
                    AS labels,
                coalesce(r.event, 'unknown') AS event, j.runtime AS seconds,
                coalesce(r.workflowname, j.workflowname, 'unknown') AS workflow,
                coalesce(j.name, 'unknown') AS job,
                j.conclusion IN ({", ".join(map(literal, FAILED))}) AS failed,
                CASE WHEN {waited} THEN j.queuetime END AS wait
            FROM jobs j LEFT JOIN workflowruns r
                ON r.provider = j.provider AND r.gitid = j.rungitid
            WHERE j.createtime::DATE {within} AND NOT j.inherited AND j.status = 'completed'
                AND j.runtime IS NOT NULL AND j.starttime IS NOT NULL
        )
        SELECT * EXCLUDE (labels, os), {RUNNER} AS runner,
            coalesce(max(repo) OVER (PARTITION BY repoid), 'unknown') AS repository
        FROM own""",
        [str(last)],
    )
    lake.execute(
        f"""CREATE OR REPLACE TEMP TABLE all_runs AS
        SELECT createtime::DATE AS day, provider, gitid, {TONE} AS tone,
            coalesce(max(repo) OVER (PARTITION BY repoid), 'unknown') AS repository
        FROM workflowruns WHERE createtime::DATE {within} AND status = 'completed'""",
        [str(last)],
    )


def fold(lake: "DuckDBPyConnection", limits: Mapping[str, int]) -> int:
    """Make the cells, names beyond the limits as one; return how many there are."""
    named = " UNION ALL ".join(
        f"SELECT {literal(sort)} AS sort, {sort} AS name, count(*) AS jobs"
        f" FROM all_jobs GROUP BY {sort}"
        for sort in limits
    )
    # A repository may have runs of which no job ran.
    named += " UNION ALL SELECT 'repository', repository, 0 FROM all_runs GROUP BY repository"
    most = " ".join(f"WHEN {literal(sort)} THEN {limit}" for sort, limit in limits.items())
    lake.execute(
        f"""CREATE OR REPLACE TEMP TABLE names AS
        WITH ranked AS (
            SELECT sort, name, row_number() OVER (PARTITION BY sort ORDER BY sum(jobs) DESC, name)
                AS place FROM ({named}) GROUP BY sort, name
        )
        SELECT sort, name, CASE WHEN place <= (CASE sort {most} END) THEN place - 1 ELSE
            (CASE sort {most} END) END::INTEGER AS number FROM ranked"""
    )
    joins = " ".join(
        f"JOIN names {sort} ON {sort}.sort = {literal(sort)} AND {sort}.name = j.{sort}"
        for sort in limits
    )
    numbers = ", ".join(f"{sort}.number AS {sort}" for sort in limits)
    lake.execute(
        f"""CREATE OR REPLACE TEMP TABLE cells AS
        SELECT j.day, {numbers}, j.seconds, j.wait, j.failed, j.provider, j.rungitid
        FROM all_jobs j {joins}"""
    )
    counts = " + ".join(
        f"(SELECT count(*) FROM (SELECT DISTINCT day, runner, repository, {sort} FROM cells))"
        for sort in FOLDED
    )
    row = lake.execute(f"SELECT {counts}").fetchone()
    return int(row[0]) if row else 0


SUMS = (
    "count(*)::INTEGER, count(*) FILTER (failed)::INTEGER, round(sum(seconds))::BIGINT,"
    " count(wait)::INTEGER, coalesce(round(sum(wait)), 0)::BIGINT"
)


def list_cells(lake: "DuckDBPyConnection", last: date, days: int) -> Cells:
    """Return the cells that `fold` made."""
    first = last - timedelta(days=days - 1)
    day = f"(day - {literal(str(first))}::DATE)::INTEGER"
    place = f"{day}, runner, repository"
    spans = ", ".join(
        f"list({bucket(span)} ORDER BY {span}) FILTER ({span} >= 0)" for span in ("wait", "seconds")
    )
    query = (
        f"SELECT {place}, {SUMS}, {spans} FROM cells GROUP BY day, runner, repository ORDER BY ALL"
    )
    cells = [
        [*row[:-2], *(run_lengths(buckets or []) for buckets in row[-2:])]
        for row in lake.execute(query).fetchall()
    ]
    by = {
        sort: [
            list(row)
            for row in lake.execute(
                f"SELECT {place}, {sort}, {SUMS} FROM cells"
                f" GROUP BY day, runner, repository, {sort} ORDER BY ALL"
            ).fetchall()
        ]
        for sort in FOLDED
    }
    sets, runs = list_runs(lake, day)
    named = [str(first + timedelta(days=number)) for number in range(days)]
    return Cells(named, list_names(lake), cells, by, sets, runs)


def run_lengths(buckets: list[int]) -> list[int]:
    """Return sorted numbers as pairs of a number and how often it stands there."""
    pairs: list[int] = []
    for number in buckets:
        if pairs and pairs[-2] == number:
            pairs[-1] += 1
        else:
            pairs += [number, 1]
    return pairs


def list_names(lake: "DuckDBPyConnection") -> dict[str, list[str | None]]:
    """Return the names of each sort by their numbers; None is all others."""
    names: dict[str, list[str | None]] = {sort: [] for sort in LIMITS}
    query = (
        "SELECT sort, number, CASE WHEN count(*) = 1 THEN min(name) END FROM names"
        " GROUP BY sort, number ORDER BY sort, number"
    )
    for sort, _, name in lake.execute(query).fetchall():
        names[sort].append(name)
    return names


def list_runs(lake: "DuckDBPyConnection", day: str) -> tuple[list[list[int]], list[list[Any]]]:
    """Return the sets of runners that runs had, and the runs of each."""
    rows = lake.execute(
        f"""WITH used AS (
            SELECT provider, rungitid, list(DISTINCT runner ORDER BY runner) AS runners
            FROM cells GROUP BY provider, rungitid
        )
        SELECT {day}, n.number, coalesce(u.runners, []), r.tone, count(*)::INTEGER
        FROM all_runs r JOIN names n ON n.sort = 'repository' AND n.name = r.repository
        LEFT JOIN used u ON u.provider = r.provider AND u.rungitid = r.gitid
        GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    counts = Counter[tuple[int, ...]]()
    for _, _, runners, _, number in rows:
        counts[tuple(runners)] += number
    sets = {runners: place for place, (runners, _) in enumerate(counts.most_common(SETS))}
    rest = sorted({runner for runners in counts.keys() - sets.keys() for runner in runners})
    runs = [
        [day, repository, sets.get(tuple(runners), len(sets)), tone, number]
        for day, repository, runners, tone, number in rows
    ]
    return [*map(list, sets), rest], runs
