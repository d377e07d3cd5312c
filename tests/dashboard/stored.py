"""Write rows as the store would have them, with only what a test is about."""

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fakegithub.world.world import World
from rows.github.events import rows_for
from schema.tables.audits import audits, health
from schema.tables.ci import commits, jobs, repos, runattempts, workflowruns
from schema.tables.deliveries import deliveries
from schema.tables.failures import failures
from tests.store import production_doors

numbers = itertools.count(2**40)  # ids are wider than 32 bits


def put(engine: sa.Engine, table: sa.Table, **values: Any) -> int:
    """Insert a row and return its Id."""
    with engine.begin() as connection:
        result = connection.execute(table.insert().values(**values))
        return int(result.inserted_primary_key[0])


def repo(engine: sa.Engine, name: str = "octo-org/app", **values: Any) -> int:
    """Store a repository and return its Id."""
    usual = {"provider": "github", "gitid": next(numbers), "defaultbranch": "main"}
    usual["url"] = f"https://github.com/{name}"
    return put(engine, repos, **{**usual, "name": name, **values})


def name_of(engine: sa.Engine, repoid: int) -> str:
    """Return the name of a stored repository."""
    with engine.connect() as connection:
        query = sa.select(repos.c.name).where(repos.c.Id == repoid)
        return str(connection.execute(query).scalar_one())


def run(engine: sa.Engine, repoid: int, created: datetime, **values: Any) -> int:
    """Store a successful scheduled run with its attempt, and return the run's gitid."""
    gitid = values.pop("gitid", next(numbers))
    name = name_of(engine, repoid)
    usual = {
        "provider": "github",
        "gitid": gitid,
        "repoid": repoid,
        "repo": name,
        "event": "schedule",
        "branchname": "main",
        "commithash": "c0ffee" * 6,
        "workflowname": "Nightly",
        "status": "completed",
        "conclusion": "success",
        "attempt": 1,
        "runnumber": 7,
        "createtime": created,
        "starttime": created,
        "endtime": created + timedelta(minutes=5),
        "updatetime": created + timedelta(minutes=5),
        "url": f"https://github.com/{name}/actions/runs/{gitid}",
    }
    row = {**usual, **values}
    put(engine, workflowruns, **row)
    same = ("provider", "repoid", "status", "conclusion", "attempt", "createtime")
    put(engine, runattempts, rungitid=gitid, **{one: row[one] for one in same})
    return int(gitid)


def job(engine: sa.Engine, repoid: int, rungitid: int, created: datetime, **values: Any) -> int:
    """Store a successful job that waited 10 s and ran 60 s, and return its gitid."""
    gitid = next(numbers)
    name = name_of(engine, repoid)
    usual = {
        "provider": "github",
        "gitid": gitid,
        "repoid": repoid,
        "repo": name,
        "rungitid": rungitid,
        "attempt": 1,
        "name": "test",
        "status": "completed",
        "conclusion": "success",
        "createtime": created,
        "starttime": created + timedelta(seconds=10),
        "endtime": created + timedelta(seconds=70),
        "queuetime": 10,
        "runtime": 60.0,
        "os": "Linux",
        "workflowname": "Nightly",
        "branchname": "main",
        "commithash": "c0ffee" * 6,
        "url": f"https://github.com/{name}/actions/runs/{rungitid}/job/{gitid}",
    }
    put(engine, jobs, **{**usual, **values})
    return gitid


def reason(engine: sa.Engine, repoid: int, rungitid: int, jobgitid: int, **values: Any) -> None:
    """Store what a failed job says, at the time the other values say."""
    usual = {"provider": "github", "number": 1, "source": "log", "message": "boom"}
    usual |= {
        "repoid": repoid,
        "rungitid": rungitid,
        "jobgitid": jobgitid,
        "fingerprint": "1:f",
        "problem": "1:f",
    }
    put(engine, failures, **{**usual, **values})


def failed(engine: sa.Engine, repoid: int, created: datetime, **said: Any) -> int:
    """Store a failed nightly run with a failed job that says something; return the run's gitid."""
    gitid = run(engine, repoid, created, conclusion="failure")
    jobid = job(engine, repoid, gitid, created, conclusion="failure", failedstep="Test")
    reason(engine, repoid, gitid, jobid, time=created, **said)
    return gitid


def audit(engine: sa.Engine, repoid: int, time: datetime, **values: Any) -> None:
    """Store a verdict: nothing is missing."""
    usual = {"door": "reconciler", "since": time - timedelta(days=90), "until": time}
    usual |= {"listed": 10, "stored": 10, "missing": 0, "findings": "[]"}
    put(engine, audits, repoid=repoid, audittime=time, **{**usual, **values})


def watched(engine: sa.Engine, time: datetime, **values: Any) -> None:
    """Store something that is watched, and good."""
    usual = {"subject": "", "name": "rate", "state": "good", "changetime": time, "checktime": time}
    put(engine, health, **{**usual, **values})


def commit(engine: sa.Engine, repoid: int, sha: str, time: datetime, **values: Any) -> None:
    """Store a commit."""
    put(engine, commits, repoid=repoid, hash=sha, time=time, **values)


def delivery(engine: sa.Engine, received: datetime, state: str = "applied", **values: Any) -> str:
    """Store a delivery without a body and return its guid."""
    guid = f"guid-{next(numbers)}"
    usual = {"provider": "github", "guid": guid, "event": "push", "attempts": 1}
    put(engine, deliveries, **{**usual, "receivetime": received, "state": state, **values})
    return guid


def fill(engine: sa.Engine, world: World, batch: int = 100) -> None:
    """Store all that happened in a world, without its raw deliveries."""
    mapped = (rows_for(one.event, one.payload) for one in world.deliveries())
    for part in batched(mapped, batch):
        production_doors.write(engine, part)


def batched(found: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """Yield lists of at most `size`."""
    iterator = iter(found)
    while part := list(itertools.islice(iterator, size)):
        yield part


def ask(engine: sa.Engine, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of plain SQL."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]
