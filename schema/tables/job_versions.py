"""What changed since a job was well: versions, commits between two, and tags that were pushed."""

from sqlalchemy import Index, Integer

from engines.column_types import Exact, Moment
from rows.versions.form import LONGEST_NAME, LONGEST_VERSION
from schema.tables.columns import column, git_id, provider, repo_id, row_id, table

jobversions = table(
    "jobversions",
    "Versions that a job's log lists: of first failed jobs, and of the last one before that passed",
    row_id(),
    provider(),
    git_id("jobgitid", "key", "jobs.gitid of the job"),
    column("kind", Exact(16), "key", "image, action, tool, docker, pip, conda, go, npm, ..."),
    column("name", Exact(LONGEST_NAME), "key", "Name, as the kind's tools compare it"),
    repo_id("own"),
    git_id("rungitid", "own", "workflowruns.gitid of its run"),
    column("version", Exact(LONGEST_VERSION), "own", "The last version listed", nullable=False),
    Index("ix_jobversions_name", "name", "version"),
    Index("ix_jobversions_run", "provider", "rungitid"),
)

versionreads = table(
    "versionreads",
    "Jobs whose logs were read for versions, and what a failed one is compared with",
    row_id(),
    provider(),
    git_id("jobgitid", "key", "jobs.gitid of the job"),
    repo_id("own"),
    git_id("rungitid", "own", "workflowruns.gitid of its run"),
    git_id("goodjobgitid", "own", "jobs.gitid of the last one like it that passed before"),
    column("absence", Exact(16), "own", "Why there was no log: gone or huge; NULL where it was"),
    column("names", Integer(), "own", "How many names it lists"),
    column("readtime", Moment, "own", "When it was read"),
    Index("ix_versionreads_run", "provider", "rungitid"),
)

commitranges = table(
    "commitranges",
    "Pairs of commits that were compared: what one has and the other has not",
    row_id(),
    repo_id("key"),
    column("basehash", Exact(64), "key", "The commit that was well"),
    column("headhash", Exact(64), "key", "The commit that failed"),
    column("status", Exact(16), "own", "ahead, behind, diverged, identical; gone where one is"),
    column("ahead", Integer(), "own", "Commits that the head has and the base has not"),
    column("behind", Integer(), "own", "Commits that the base has and the head has not"),
    column("readtime", Moment, "own", "When they were compared"),
)

rangecommits = table(
    "rangecommits",
    "Commits of `commitranges` that the head has and the base has not, the first hundred",
    row_id(),
    repo_id("key"),
    column("basehash", Exact(64), "key", "commitranges.basehash"),
    column("headhash", Exact(64), "key", "commitranges.headhash"),
    column("number", Integer(), "key", "1 for the oldest"),
    column("hash", Exact(64), "own", "commits.hash", nullable=False),
    Index("ix_rangecommits_hash", "repoid", "hash"),
)

tagpushes = table(
    "tagpushes",
    "Tags as pushes made or moved them",
    row_id(),
    repo_id("key"),
    column("name", Exact(), "key", "Name without refs/tags/"),
    column("time", Moment, "key", "Time of the repository's push"),
    column("hash", Exact(64), "key", "Commit the tag points at"),
    Index("ix_tagpushes_hash", "repoid", "hash"),
)
