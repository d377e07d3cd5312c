"""Nights of one job that was well and is not, with what its logs list and what lies between."""

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from schema.tables.job_versions import tagpushes
from store.state import commit_ranges, job_versions
from store.state.commit_ranges import CommitRange
from store.state.job_versions import VersionsRead
from tests.dashboard import stored

NIGHT = datetime(2026, 3, 10, 2)
GOOD, BAD, OTHER = "a" * 40, "b" * 40, "d" * 40
WAS = {
    ("image", "ubuntu24"): "20260301.1",
    ("action", "actions/checkout@v4"): "0a1b2c3d" * 5,
    ("pip", "requests"): "2.31.0",
    ("pip", "urllib3"): "2.2.1",
    ("go", "example.org/cached"): "v1.2.3",
}
IS = {
    ("image", "ubuntu24"): "20260308.1",
    ("action", "actions/checkout@v4"): "0a1b2c3d" * 5,
    ("pip", "requests"): "2.32.0",
    ("pip", "urllib3"): "2.2.1",
    ("pip", "<b>new</b>"): "1.0",
}


class StoredNights(NamedTuple):
    """The repository, the runs of three nights (good, bad, bad) and their jobs."""

    repoid: int
    runs: list[int]
    jobs: list[int]


def three_nights(engine: sa.Engine, repo: str = "octo-org/app") -> StoredNights:
    """Store a good night and two bad ones of a workflow's job."""
    repoid, runs, jobs = stored.repo(engine, repo), list[int](), list[int]()
    for number, (conclusion, sha) in enumerate(
        [("success", GOOD), ("failure", BAD), ("failure", BAD)]
    ):
        time = NIGHT - timedelta(days=2 - number)
        of_it = {"conclusion": conclusion, "commithash": sha}
        run = stored.run(engine, repoid, time, workflowgitid=7, runnumber=number + 1, **of_it)
        runs.append(run)
        jobs.append(stored.job(engine, repoid, run, time, **of_it))
        if conclusion == "failure":
            stored.reason(engine, repoid, run, jobs[-1], time=time, job="test")
    return StoredNights(repoid, runs, jobs)


def read_versions(
    engine: sa.Engine, nights: StoredNights, good: VersionsRead, bad: VersionsRead
) -> None:
    """Store what the logs of the good job and the first bad one list."""
    for jobgitid, read in zip(nights.jobs, [good, bad], strict=False):
        with engine.connect() as connection:
            job = job_versions.find_job(connection, "github", jobgitid)
        assert job is not None
        job_versions.store_versions(engine, job, read)


def read_commits(engine: sa.Engine, repoid: int, behind: int = 0) -> None:
    """Store two commits between, one tagged, and an earlier one that lies beside."""
    long_ago = NIGHT - timedelta(days=400)
    for sha, message in ((BAD, "Break it"), ("c" * 40, "Release"), (OTHER, "Elsewhere")):
        stored.commit(engine, repoid, sha, long_ago, message=message, author="Mona")
    between = CommitRange("diverged" if behind else "ahead", 2, behind, ("c" * 40, BAD))
    commit_ranges.store_range(engine, repoid, GOOD, BAD, between)
    stored.put(engine, tagpushes, repoid=repoid, name="v2.0", time=NIGHT, hash="c" * 40)
