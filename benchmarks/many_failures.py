"""Failed jobs by the hundred thousand, and what they say: for programmes that measure Errors."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Table, insert

from benchmarks.year import FLOWS, REPOS, flow_id, name_of, sha
from rows.fingerprint import fingerprints_of
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures

DAYS = 90
ERRORS = 3000
BATCH = 2000
FIRST = 20_000_000_000
CONTEXT = "\n".join(
    f"  at step {number} of the build, in some module of it" for number in range(15)
)
KINDS = ("cause",) * 8 + ("end", "vague")
SYSTEMS = ("Linux", "Windows", "macOS")


def write(engine: Engine, number: int, end: datetime, seed: int = 1) -> str:
    """Write failed jobs, each with its run, over DAYS; return the most frequent fingerprint.

    A few of ERRORS messages are said by most of them, as in life.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable data, no cryptography
    texts = [
        f"AssertionError: {chance.choice(FLOWS)} part {letters(one)} answered 503 and not 200"
        for one in range(ERRORS)
    ]
    said = [{"message": text, **fingerprints_of(text)._asdict()} for text in texts]
    weights = [1 / (place + 1) for place in range(ERRORS)]
    chosen = chance.choices(range(ERRORS), weights, k=number)
    batch: dict[Table, list[dict[str, Any]]] = {workflowruns: [], jobs: [], failures: []}
    for place, error in enumerate(chosen):
        created = end - timedelta(days=DAYS) * (1 - place / number)
        add(batch, chance, FIRST + place, created, said[error], KINDS[error % len(KINDS)])
        if len(batch[jobs]) == BATCH or place == number - 1:
            with engine.begin() as connection:
                for table, rows in batch.items():
                    connection.execute(insert(table), rows)
                    rows.clear()
    return str(said[0]["fingerprint"])


def letters(number: int) -> str:
    """Return a word for a number: what is masked would make errors one."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def add(
    batch: dict[Table, list[dict[str, Any]]],
    chance: random.Random,
    gitid: int,
    created: datetime,
    said: dict[str, Any],
    kind: str,
) -> None:
    """Add a failed run with one failed job and what that says."""
    repo, flow = chance.randrange(REPOS) + 1, chance.choice(FLOWS)
    branch = "main" if chance.random() < 0.5 else f"topic-{chance.randrange(200)}"
    ended = created + timedelta(minutes=5)
    common = {"provider": "github", "repoid": repo}
    shared = {
        **common, "status": "completed", "conclusion": "failure", "attempt": 1,
        "repo": name_of(repo), "createtime": created, "starttime": created,
        "endtime": ended, "queuetime": 0,
        "runtime": 300.0, "workflowname": flow, "branchname": branch, "commithash": sha(gitid),
    }  # fmt: skip
    batch[workflowruns].append({
        **shared, "gitid": gitid, "author": "dev1", "os": "Linux", "event": "push",
        "workflowgitid": flow_id(repo, flow), "title": "Change", "runnumber": gitid - FIRST,
    })  # fmt: skip
    system = chance.choice(SYSTEMS)
    batch[jobs].append({
        **shared, "gitid": gitid, "rungitid": gitid, "name": f"test ({system})", "os": system,
        "runnername": f"runner {chance.randrange(30)}", "failedstep": "Run tests",
    })  # fmt: skip
    batch[failures].append({
        **common, **said, "jobgitid": gitid, "number": 1, "rungitid": gitid, "attempt": 1,
        "job": f"test ({system})", "step": "Run tests", "source": "log", "context": CONTEXT,
        "time": ended, "kind": kind,
    })  # fmt: skip
