"""The pages' figures against plain SQL written separately, over a generated history."""

import csv
import io
import math
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from config.calendar import Calendar
from fakegithub.payloads.git_objects import DAY
from fakegithub.world.history import history
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.conftest import MakeClient
from tests.store.rollups.making import make_all

DAYS = 4
BEGIN = DAY.replace(tzinfo=None)
FIRST, LAST = BEGIN.date(), BEGIN.date() + timedelta(days=DAYS)
ZONE, SHIFT = "Asia/Kathmandu", timedelta(hours=5, minutes=45)  # it has no summer time
WORDS = {
    "FAILED": "('failure', 'timed_out', 'startup_failure')",
    "RAN": "inherited = FALSE AND runtime IS NOT NULL",
    "WAITED": "queuetime IS NOT NULL AND inherited = FALSE AND gated = FALSE"
    " AND (clockanomaly IS NULL OR clockanomaly = FALSE)"
    " AND (conclusion IS NULL OR conclusion <> 'skipped')",
    "WITHIN": "createtime >= :a AND createtime < :b",
}


class Seen(NamedTuple):
    """The pages, and the store they are made from."""

    client: FlaskClient
    engine: Engine

    def ask(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of plain SQL in which our words stand in braces."""
        return stored.ask(self.engine, query.format(**WORDS), **values)

    def sheet(self, path: str) -> list[dict[str, str]]:
        """Return the lines of a sheet by their titles."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))


def test_figures_are_those_of_plain_sql(engine: Engine, store_url: str, make_client: MakeClient):
    stored.fill(engine, history(seed=6, runs=160, jobs=4, repos=2, days=DAYS))
    now = BEGIN + timedelta(days=DAYS, hours=3)
    seen = Seen(make_client(store_url, now, NIGHT_ZONE=ZONE, NIGHT_ENDS="07:00"), engine)
    check_all(seen, 0)
    narrowed = list_narrowed(seen)
    make_all(engine, RollupPlan(Calendar(ZoneInfo(ZONE), time(7))), now)
    assert seen.ask("SELECT COUNT(*) FROM rollspans WHERE kind = 'day'")[0][0] >= DAYS
    check_all(seen, 0.05)
    assert list_narrowed(seen) == narrowed
    assert all(tables[-1] for tables in narrowed.values())


def check_all(seen: Seen, tolerance: float) -> None:
    """Compare every page; percentiles may be so far away, by their share."""
    check_days(seen, tolerance)
    for by, column in {
        "os": "os",
        "repository": "repo",
        "workflow": "workflowname, repo",  # both repositories have workflows of the same names
        "job": "name",
    }.items():
        check_table(seen, by, column)
    check_events(seen)
    check_filters(seen)
    check_nights(seen)
    check_flakes(seen)
    check_health(seen)


def list_narrowed(seen: Seen) -> dict[str, Any]:
    """Return the tables of what is asked for by name, and the runs of each day by their end."""
    days = f"since={FIRST}&until={LAST}"
    ends = ("day", "passed", "failed", "nothing")
    told: dict[str, Any] = {}
    for chosen in (
        *(
            "workflow=ci",
            "workflow=CI&event=push",
            "workflow=CI&os=Linux",
            "job=TEST (WINDOWS-2022, 6)",
        ),
        *("branch=main", "branch=main&event=schedule"),
    ):
        lines = seen.sheet(f"/days.csv?{days}&{chosen}")
        told[chosen] = [{name: line.get(name) for name in ends} for line in lines]
        for by in ("os", "repository", "event", "workflow", "job"):
            told[chosen].append(seen.sheet(f"/time.csv?by={by}&{days}&{chosen}"))
    return told


def rank(values: list[Any], share: float) -> str:
    """Return the nearest-rank percentile of sorted values as a sheet has it."""
    return str(values[math.ceil(share * len(values)) - 1]) if values else ""


def check_rank(found: str, wanted: str, tolerance: float) -> None:
    """Compare percentiles of sheets; nothing is nothing."""
    assert (found == "") == (wanted == "")
    if wanted:
        assert float(found) == pytest.approx(float(wanted), rel=tolerance, abs=0)


def check_days(seen: Seen, tolerance: float) -> None:
    """Compare runs by how they ended and waits, day by day on the zone's clock."""
    found = seen.sheet(f"/days.csv?since={FIRST}&until={LAST}")
    days = [FIRST + timedelta(days=number) for number in range(DAYS + 1)]
    assert [line["day"] for line in found] == [day.isoformat() for day in days]
    for day, line in zip(days, found, strict=True):
        begin = datetime(day.year, day.month, day.day) - SHIFT
        when = {"a": begin, "b": begin + timedelta(days=1)}
        for tone, condition in {
            "passed": "conclusion = 'success'",
            "failed": "conclusion IN {FAILED}",
            "nothing": "conclusion = 'skipped'",
        }.items():
            query = "SELECT COUNT(*) FROM workflowruns WHERE {WITHIN} AND COND"
            found_here = seen.ask(query.replace("COND", condition), **when)
            assert int(line.get(tone, 0)) == found_here[0][0]
        waits = "SELECT queuetime FROM jobs WHERE {WITHIN} AND {WAITED} ORDER BY queuetime"
        values = [one for (one,) in seen.ask(waits, **when)]
        for name, share in {"p50": 0.5, "p90": 0.9, "p99": 0.99}.items():
            check_rank(line[f"wait {name}"], rank(values, share), tolerance)
        runs = "SELECT FLOOR(runtime) FROM jobs WHERE {WITHIN} AND {RAN} AND starttime IS NOT NULL"
        lengths = sorted(one for (one,) in seen.ask(runs, **when))
        for name, share in {"p50": 0.5, "p90": 0.9, "p99": 0.99}.items():
            check_rank(line[f"run {name}"], rank(lengths, share), tolerance)
    assert sum(int(line["passed"]) for line in found) > 50


def check_table(seen: Seen, by: str, column: str) -> None:
    """Compare jobs, minutes and means."""
    found = seen.sheet(f"/time.csv?by={by}&since={FIRST}&until={LAST}")
    query = (
        "SELECT COL, COUNT(*), SUM(runtime) / 60, AVG(runtime) / 60 FROM jobs"
        " WHERE {RAN} GROUP BY COL"
    )
    size = len(column.split(","))
    rows = seen.ask(query.replace("COL", column))
    expected = {" · ".join(row[:size]) if row[0] else None: row[size:] for row in rows}
    assert {line[by] for line in found} == {name or "" for name in expected}
    for line in found:
        jobs, minutes, mean = expected[line[by]]
        assert int(line["jobs"]) == jobs
        assert float(line["minutes"]) == pytest.approx(float(minutes), abs=0.006)
        assert float(line["mean minutes"]) == pytest.approx(float(mean), abs=0.006)


def check_events(seen: Seen) -> None:
    """Compare the jobs of each event, which only runs know."""
    found = seen.sheet(f"/time.csv?by=event&since={FIRST}&until={LAST}")
    query = (
        "SELECT r.event, COUNT(*) FROM jobs j, workflowruns r WHERE r.gitid = j.rungitid"
        " AND j.inherited = FALSE AND j.runtime IS NOT NULL GROUP BY r.event"
    )
    assert {line["event"]: int(line["jobs"]) for line in found} == dict(seen.ask(query))


def check_filters(seen: Seen) -> None:
    """Compare one system's jobs of one repository."""
    path = f"/time.csv?by=repository&since={FIRST}&until={LAST}&os=Linux&repo=octo-org/app-2"
    query = "SELECT COUNT(*) FROM jobs WHERE {RAN} AND os = 'Linux' AND repo = 'octo-org/app-2'"
    (line,) = seen.sheet(path)
    assert line["repository"] == "octo-org/app-2"
    assert int(line["jobs"]) == seen.ask(query)[0][0]


NEWEST_FAILED = """
    SELECT DISTINCT r.repo FROM workflowruns r
    WHERE r.event = 'schedule' AND r.createtime >= :a AND r.createtime < :b
        AND r.conclusion IN {FAILED}
        AND NOT EXISTS (SELECT 1 FROM workflowruns l WHERE l.repoid = r.repoid
            AND l.workflowname = r.workflowname AND l.event = 'schedule'
            AND l.createtime < :b AND l.createtime > r.createtime
            AND (l.conclusion IS NULL OR l.conclusion <> 'skipped'))
"""


def check_nights(seen: Seen) -> None:
    """Compare which repositories failed in which nights: the newest run of a workflow decides."""
    found = {
        (line["repository"], line["night"]): line["state"] for line in seen.sheet("/nights.csv")
    }
    failed = set()
    for night in (FIRST + timedelta(days=number) for number in range(DAYS + 2)):
        end = datetime(night.year, night.month, night.day, 7) - SHIFT
        rows = seen.ask(NEWEST_FAILED, a=end - timedelta(days=1), b=end)
        failed |= {(repo, night.isoformat()) for (repo,) in rows}
    assert {key for key, state in found.items() if state == "failed"} == failed
    assert failed


ENDS = """
    SELECT repo, workflowname, name, commithash,
        SUM(CASE WHEN conclusion IN {FAILED} THEN 1 ELSE 0 END),
        SUM(CASE WHEN conclusion = 'success' THEN 1 ELSE 0 END),
        SUM(CASE WHEN conclusion IN {FAILED} THEN COALESCE(runtime, 0) ELSE 0 END)
    FROM jobs
    WHERE inherited = FALSE AND (conclusion IN {FAILED} OR conclusion = 'success')
    GROUP BY repo, workflowname, name, commithash
"""


def check_flakes(seen: Seen) -> None:
    """Compare which jobs ended both ways on a commit, how often, and what their failures took."""
    found = {
        (line["repository"], line["workflow"], line["job"]): line
        for line in seen.sheet(f"/flakes.csv?since={FIRST}&until={LAST}")
    }
    expected: dict[tuple[str, str, str], list[float]] = {}
    for repo, workflow, name, _, failures, successes, seconds in seen.ask(ENDS):
        sums = expected.setdefault((repo, workflow, name), [0, 0, 0, 0])
        sums[0] += 1
        if failures and successes:
            sums[1] += 1
            sums[2] += int(failures)
            sums[3] += float(seconds) / 60
    flaky = {key: sums for key, sums in expected.items() if sums[1]}
    assert found.keys() == flaky.keys()
    assert flaky
    for key, (commits, both, failures, minutes) in flaky.items():
        line = found[key]
        assert (int(line["commits"]), int(line["flaky"])) == (commits, both)
        assert int(line["failures"]) == failures
        assert float(line["minutes"]) == pytest.approx(minutes, abs=0.006)


def check_health(seen: Seen) -> None:
    """Compare the runs of each repository, and those that have not ended."""
    query = (
        "SELECT repo, COUNT(*), SUM(CASE WHEN status <> 'completed' THEN 1 ELSE 0 END)"
        " FROM workflowruns GROUP BY repo"
    )
    found = {line["repo"]: line for line in seen.sheet("/health.csv") if line["runs"] != "0"}
    expected = {repo: (str(runs), str(int(left))) for repo, runs, left in seen.ask(query)}
    assert {repo: (line["runs"], line["open"]) for repo, line in found.items()} == expected
