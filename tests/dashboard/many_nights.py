"""Thirty nights of 38 repositories that were well, but for the errors of the last of them.

The pushes of some of them fail as well, so that their default branches are red by day, too.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schema.tables.ci import commits, jobs, workflowruns
from schema.tables.failures import failures
from store.state import error_issues
from store.state.error_issues import ErrorIssue, SoughtError
from tests.dashboard import stored

LAST_NIGHT = datetime(2026, 3, 10, 2)
NIGHTS, REPOS, OWNER = 30, 38, "northwind-labs"
GROUPS = f"""
[payments]
repos = ["{OWNER}/*"]
owner = "Payments"
chat = "https://chat.example.org/payments"
[payments.owners]
"{OWNER}/service-02*" = {{ owner = "Web team", chat = "https://chat.example.org/web" }}
"""
PUSHED = {
    20: (100, 2),
    21: (100, 1),
    22: (100, 0),
    23: (101, 12),
    24: (102, 5),
    25: (103, 0),
    26: (104, 0),
}
"""Repositories whose pushes fail: by which error, and since how many days; three by one."""
SAID = (
    "Error response from daemon: Get https://registry.example.org/v2/: net/http: TLS handshake"
    " timeout while awaiting headers",
    "AssertionError: expected 3 invoices, got 2",
    "E501 Line too long (104 > 100)",
    "fatal error: runtime: out of memory",
    "No space left on device",
    "panic: send on closed channel",
)


def fill(engine: sa.Engine, errors: int) -> None:
    """Store the nights; the first error is in five repositories, the others in one each.

    Every third of them is two nights old, or more.
    """
    names = [f"{OWNER}/service-{number:03}" for number in range(REPOS)]
    repoids = [stored.repo(engine, name) for name in names]
    broken: dict[tuple[int, int], list[int]] = {}
    for error in range(errors):
        places = range(5) if error == 0 else [(error + 4) % REPOS]
        for place in places:
            for night in range(1 + 3 * (error % 3)):
                broken.setdefault((place, night), []).append(error)
    rows: dict[sa.Table, list[dict[str, Any]]] = {workflowruns: [], jobs: [], failures: []}
    numbers = iter(range(2**40, 2**41))
    for place, (error, days) in PUSHED.items():
        for good, ago in ((True, days + 1), (False, days)):
            run = run_row(repoids[place], names[place], ago, next(numbers), is_bad=not good)
            run |= {"event": "push", "workflowname": "CI", "author": f"ana-{place}"}
            rows[workflowruns].append(run)
            if not good:
                job = job_row(run, next(numbers), error)
                rows[jobs].append(job)
                rows[failures].append(failure_row(run, job, error))
    for place, repoid in enumerate(repoids):
        for night in range(NIGHTS):
            wrong = broken.get((place, night), [])
            run = run_row(repoid, names[place], night, next(numbers), bool(wrong))
            rows[workflowruns].append(run)
            for error in wrong or [-1]:
                job = job_row(run, next(numbers), error)
                rows[jobs].append(job)
                if error >= 0:
                    rows[failures].append(failure_row(run, job, error))
    first = {"repoid": repoids[5], "time": LAST_NIGHT - timedelta(days=3, hours=2)}
    written = [{"hash": f"{n:040x}", "author": f"Author {n}", **first} for n in range(4)]
    with engine.begin() as connection:
        for table, values in ((table, values) for table, values in rows.items() if values):
            connection.execute(table.insert(), values)
        connection.execute(commits.insert(), written)
    issue = ErrorIssue(45, "Registry times out", "open", "https://github.com/northwind-labs/x/45")
    sought = SoughtError(repoids[0], "2:00000")
    error_issues.store_issues(engine, sought, [issue], LAST_NIGHT)


def run_row(repoid: int, name: str, night: int, gitid: int, is_bad: bool) -> dict[str, Any]:
    """Return a nightly run."""
    created = LAST_NIGHT - timedelta(days=night)
    return {
        "provider": "github",
        "gitid": gitid,
        "repoid": repoid,
        "repo": name,
        "event": "schedule",
        "author": None,
        "branchname": "main",
        "commithash": f"{NIGHTS - night:040x}",
        "workflowname": "Nightly",
        "status": "completed",
        "conclusion": "failure" if is_bad else "success",
        "attempt": 1,
        "runnumber": 500 - night,
        "createtime": created,
        "endtime": created + timedelta(minutes=5),
        "url": f"https://github.com/{name}/actions/runs/{gitid}",
    }


def job_row(run: dict[str, Any], gitid: int, error: int) -> dict[str, Any]:
    """Return a job of a run; it failed of an error that is none below 0."""
    same = ("provider", "repoid", "repo", "attempt", "status", "createtime", "branchname")
    return {
        **{name: run[name] for name in same},
        "gitid": gitid,
        "rungitid": run["gitid"],
        "name": f"test ({error})" if error >= 0 else "test",
        "conclusion": "success" if error < 0 else "failure",
        "failedstep": None if error < 0 else "Run tests",
        "workflowname": "Nightly",
        "url": f"{run['url']}/job/{gitid}",
    }


def failure_row(run: dict[str, Any], job: dict[str, Any], error: int) -> dict[str, Any]:
    """Return what a failed job says."""
    return {
        "provider": "github",
        "jobgitid": job["gitid"],
        "number": 1,
        "repoid": run["repoid"],
        "rungitid": run["gitid"],
        "source": "log",
        "kind": "cause",
        "message": f"{SAID[error % len(SAID)]}" + (f" ({error})" if error >= len(SAID) else ""),
        "fingerprint": f"2:{error:05}",
        "problem": f"2:{error:05}",
        "time": run["endtime"],
    }
