"""What changed since a job was well: versions, commits between two, and tags that were pushed."""

from sqlalchemy import Integer

from engines.column_types import BigId, Exact, Moment
from schema.migrations.steps import (
    column,
    create_index,
    create_table,
    needed,
    provider,
    repo_id,
)

revision = "0018"
down_revision = "0035"

JOB = "jobs.gitid of the job"


def upgrade() -> None:
    create_versions()
    create_ranges()


def create_versions() -> None:
    create_table(
        "jobversions",
        "Versions that a job's log lists: of first failed jobs, and of the last one before that"
        " passed",
        provider(),
        needed("jobgitid", BigId, JOB),
        needed("kind", Exact(16), "image, action, tool, docker, pip, conda, go, npm, ..."),
        needed("name", Exact(200), "Name, as the kind's tools compare it"),
        column("repoid", BigId, "repos.Id of the repository"),
        column("rungitid", BigId, "workflowruns.gitid of its run"),
        needed("version", Exact(128), "The last version listed"),
        unique=["provider", "jobgitid", "kind", "name"],
    )
    create_index("ix_jobversions_name", "jobversions", ["name", "version"])
    create_index("ix_jobversions_run", "jobversions", ["provider", "rungitid"])
    create_table(
        "versionreads",
        "Jobs whose logs were read for versions, and what a failed one is compared with",
        provider(),
        needed("jobgitid", BigId, JOB),
        column("repoid", BigId, "repos.Id of the repository"),
        column("rungitid", BigId, "workflowruns.gitid of its run"),
        column("goodjobgitid", BigId, "jobs.gitid of the last one like it that passed before"),
        column("absence", Exact(16), "Why there was no log: gone or huge; NULL where it was"),
        column("names", Integer(), "How many names it lists"),
        column("readtime", Moment, "When it was read"),
        unique=["provider", "jobgitid"],
    )
    create_index("ix_versionreads_run", "versionreads", ["provider", "rungitid"])


def create_ranges() -> None:
    create_table(
        "commitranges",
        "Pairs of commits that were compared: what one has and the other has not",
        repo_id(),
        needed("basehash", Exact(64), "The commit that was well"),
        needed("headhash", Exact(64), "The commit that failed"),
        column("status", Exact(16), "ahead, behind, diverged, identical; gone where one is"),
        column("ahead", Integer(), "Commits that the head has and the base has not"),
        column("behind", Integer(), "Commits that the base has and the head has not"),
        column("readtime", Moment, "When they were compared"),
        unique=["repoid", "basehash", "headhash"],
    )
    create_table(
        "rangecommits",
        "Commits of `commitranges` that the head has and the base has not, the first hundred",
        repo_id(),
        needed("basehash", Exact(64), "commitranges.basehash"),
        needed("headhash", Exact(64), "commitranges.headhash"),
        needed("number", Integer(), "1 for the oldest"),
        needed("hash", Exact(64), "commits.hash"),
        unique=["repoid", "basehash", "headhash", "number"],
    )
    create_index("ix_rangecommits_hash", "rangecommits", ["repoid", "hash"])
    create_table(
        "tagpushes",
        "Tags as pushes made or moved them",
        repo_id(),
        needed("name", Exact(512), "Name without refs/tags/"),
        needed("time", Moment, "Time of the repository's push"),
        needed("hash", Exact(64), "Commit the tag points at"),
        unique=["repoid", "name", "time", "hash"],
    )
    create_index("ix_tagpushes_hash", "tagpushes", ["repoid", "hash"])
