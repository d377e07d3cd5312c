"""A store of a year of CI, of any size: written in bulk, for programmes that measure."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert

from schema.tables.ci import commits, jobs, repos, runattempts, workflowruns, workflows
from schema.tables.deliveries import deliveries
from schema.tables.failures import failures

DAYS = 365
JOBS = 5
REPOS = 50
BATCH = 2000
FIRST_RUN = 10_000_000_000
EVENTS = ("push", "push", "push", "pull_request", "pull_request", "schedule")
FLOWS = ("CI", "Nightly", "Release", "Docs", "Lint")
NAMES = ("build", "test (3.11)", "test (3.12)", "lint", "package", "docs", "e2e", "deploy")
SYSTEMS = ("Linux", "Linux", "Linux", "Windows", "macOS")
RUNNERS = (
    ("GitHub Actions 7", "GitHub Actions", '["ubuntu-24.04"]'),
    ("build-3", "Default", '["self-hosted", "linux"]'),
)
"""Name, group and labels of runners."""
ERRORS = (
    "AssertionError: expected 200, got 503",
    "error: linker `cc` not found",
    "TimeoutError: page.click took longer than 30000 ms",
    "E501 line too long",
    "No space left on device",
)

TABLES = (workflowruns, runattempts, jobs, failures)

Batch = dict[Table, list[dict[str, Any]]]


def write(engine: Engine, runs: int, end: datetime, seed: int = 1) -> None:
    """Write so many runs of JOBS jobs each, evenly over the year before `end` (UTC)."""
    chance = random.Random(seed)  # noqa: S311 - repeatable data, no cryptography
    with engine.begin() as connection:
        write_repos(connection, chance, end)
    batch: Batch = {table: [] for table in TABLES}
    for number in range(runs):
        created = end - timedelta(days=DAYS) * (1 - number / runs)
        add(batch, chance, number, created, end)
        if len(batch[workflowruns]) == BATCH or number == runs - 1:
            flush(engine, batch)


def write_repos(connection: Connection, chance: random.Random, end: datetime) -> None:
    """Write repositories, some commits and the deliveries of two days."""
    connection.execute(insert(repos), [
        {"Id": number, "provider": "github", "gitid": number, "name": name_of(number),
         "defaultbranch": "main", "url": f"https://github.com/{name_of(number)}"}
        for number in range(1, REPOS + 1)
    ])  # fmt: skip
    connection.execute(insert(workflows), [
        {"provider": "github", "gitid": flow_id(number, flow), "repoid": number, "name": flow,
         "path": f".github/workflows/{flow.lower()}.yml", "repo": name_of(number)}
        for number in range(1, REPOS + 1)
        for flow in FLOWS
    ])  # fmt: skip
    connection.execute(insert(commits), [
        {"repoid": number % REPOS + 1, "hash": sha(number), "author": f"dev{number % 40}",
         "message": f"Change {number}", "time": end - timedelta(hours=number)}
        for number in range(5000)
    ])  # fmt: skip
    connection.execute(insert(deliveries), [
        {"provider": "github", "guid": f"guid-{number}", "event": "workflow_job",
         "receivetime": end - timedelta(seconds=number * 20), "state": "applied", "attempts": 1}
        for number in range(8640)
    ])  # fmt: skip


def name_of(repo: int) -> str:
    """Return a repository's full name."""
    return f"octo-org/service-{repo:02d}"


def flow_id(repo: int, flow: str) -> int:
    """Return the id of a repository's workflow."""
    return 1_000_000 + repo * len(FLOWS) + FLOWS.index(flow)


def sha(number: int) -> str:
    """Return the hash of a commit."""
    return f"{number * 2654435761 % 2**64:016x}" * 2 + "c0ffee00"


def add(batch: Batch, chance: random.Random, number: int, created: datetime, end: datetime) -> None:
    """Add a run with its jobs."""
    repo = chance.randrange(REPOS) + 1
    event = chance.choice(EVENTS)
    flow = "Nightly" if event == "schedule" else chance.choice(FLOWS)
    failed = chance.random() < 0.08
    again = failed and chance.random() < 0.3
    conclusion = "failure" if failed and not again else "success"
    length = chance.lognormvariate(5, 1)
    gitid, place = FIRST_RUN + number, name_of(repo)
    common = {"provider": "github", "repoid": repo}
    ended = created + timedelta(seconds=20 + length)
    shared = {
        **common, "status": "completed", "conclusion": conclusion, "attempt": 1 + again,
        "createtime": created, "starttime": created + timedelta(seconds=20), "endtime": ended,
        "queuetime": 20, "runtime": length, "updatetime": ended,
    }  # fmt: skip
    branch = "main" if event in ("push", "schedule") else f"topic-{chance.randrange(200)}"
    commit = sha(number // 3)
    batch[runattempts].append({**shared, "rungitid": gitid})
    batch[workflowruns].append({
        **shared, "gitid": gitid, "author": f"dev{chance.randrange(40)}", "branchname": branch,
        "commithash": commit, "workflowname": flow, "repo": place, "os": "Linux",
        "workflowgitid": flow_id(repo, flow), "event": event, "title": f"Change {number}",
        "pullrequest": number % 900 + 1 if event == "pull_request" else None,
        "runnumber": number, "url": f"https://github.com/{place}/actions/runs/{gitid}",
    })  # fmt: skip
    for part in range(JOBS):
        wait, took = int(chance.lognormvariate(3, 1.2)), chance.lognormvariate(4.5, 1)
        begun = created + timedelta(seconds=wait)
        bad = failed and part == 1
        jobid = 100_000_000_000 + number * JOBS + part
        name = NAMES[(repo + part) % len(NAMES)]
        batch[jobs].append({
            **common, "gitid": jobid, "rungitid": gitid,
            "attempt": 1 if again and bad else 1 + again, "name": name, "status": "completed",
            "conclusion": "failure" if bad else "success", "createtime": created,
            "starttime": begun, "endtime": begun + timedelta(seconds=took), "queuetime": wait,
            "runtime": took, "os": SYSTEMS[part % len(SYSTEMS)], **runner_of(part),
            "workflowname": flow, "branchname": branch, "commithash": commit, "repo": place,
            "failedstep": "Run tests" if bad else None,
            "url": f"https://github.com/{place}/actions/runs/{gitid}/job/{jobid}",
        })  # fmt: skip
        if bad:
            error = chance.choice(ERRORS)
            batch[failures].append({
                **common, "jobgitid": jobid, "number": 1, "rungitid": gitid, "attempt": 1,
                "job": name, "source": "annotation", "message": error, "masked": error,
                "fingerprint": f"1:{error[:30]}",
                "problem": f"1:{error[:30]}", "time": ended,
            })  # fmt: skip


def runner_of(part: int) -> dict[str, str]:
    """Return the runner of a job of a run, by the job's number."""
    names = ("runnername", "runnergroup", "labels")
    return dict(zip(names, RUNNERS[part % len(RUNNERS)], strict=True))


def flush(engine: Engine, batch: Batch) -> None:
    """Write the rows and forget them."""
    with engine.begin() as connection:
        for table, rows in batch.items():
            if rows:
                connection.execute(insert(table), rows)
                rows.clear()
