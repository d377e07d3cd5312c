"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa

from engines import column_types
from schema.migrations import steps

revision = "0001"
down_revision = None


def upgrade() -> None:
    steps.create_table(
        "branches",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "name",
            column_types.Exact(512),
            nullable=False,
            comment="Name without refs/heads/, byte for byte",
        ),
        sa.Column(
            "author",
            column_types.Long(),
            comment="Git author of the head commit; NULL while it is unknown",
        ),
        sa.Column(
            "repo", column_types.Name(512), comment="Full name of the repository today: org/name"
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column(
            "headhash",
            column_types.Exact(64),
            comment="Commit the branch points at; NULL once deleted",
        ),
        sa.Column(
            "deletetime",
            column_types.Moment,
            comment="When the branch was deleted; NULL while it exists",
        ),
        sa.Column(
            "version",
            column_types.Version,
            server_default="",
            nullable=False,
            comment="Orders the records of this row; compared as bytes, empty in a stub",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "name", name="uq_branches"),
        comment="Branches, deleted ones too",
        **steps.OPTIONS,
    )
    steps.create_index("ix_branches_head", "branches", ["repoid", "headhash"])
    steps.create_table(
        "commits",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column("hash", column_types.Exact(64), nullable=False, comment="Commit hash"),
        sa.Column("author", column_types.Long(), comment="Git author's name"),
        sa.Column("message", column_types.Long(), comment="Commit message"),
        sa.Column("time", column_types.Moment, comment="Author's time in UTC"),
        sa.Column(
            "repo", column_types.Name(512), comment="Full name of the repository today: org/name"
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column(
            "authorlogin",
            column_types.Long(),
            comment="Login of the author's account, where there is one",
        ),
        sa.Column("url", column_types.Long(), comment="HTML page"),
        sa.Column(
            "version",
            column_types.Version,
            server_default="",
            nullable=False,
            comment="Orders the records of this row; compared as bytes, empty in a stub",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "hash", name="uq_commits"),
        comment="Commits that pushes brought or a backfill read",
        **steps.OPTIONS,
    )
    steps.create_index("ix_commits_time", "commits", ["repoid", "time"])
    steps.create_table(
        "deliveries",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column(
            "guid",
            column_types.Exact(64),
            nullable=False,
            comment="X-GitHub-Delivery; a redelivery keeps it",
        ),
        sa.Column("hookid", column_types.BigId, comment="X-GitHub-Hook-ID"),
        sa.Column("event", column_types.Name(64), nullable=False, comment="X-GitHub-Event"),
        sa.Column("action", column_types.Long(), comment="The payload's action"),
        sa.Column("repo", column_types.Long(), comment="Full name of the repository at the time"),
        sa.Column(
            "receivetime", column_types.Moment, nullable=False, comment="When it was received first"
        ),
        sa.Column("body", column_types.Bytes, comment="Body as received, zlib; NULL when ignored"),
        sa.Column(
            "state",
            column_types.Exact(16),
            nullable=False,
            comment="applied, quarantined or ignored",
        ),
        sa.Column(
            "attempts",
            sa.Integer(),
            nullable=False,
            comment="How often it was received or replayed",
        ),
        sa.Column("error", column_types.Long(), comment="Why it is quarantined or ignored"),
        sa.Column("applytime", column_types.Moment, comment="When its rows were written"),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "guid", name="uq_deliveries"),
        comment="Deliveries as received: what every row above was made from",
        **steps.OPTIONS,
    )
    steps.create_index("ix_deliveries_state", "deliveries", ["state", "receivetime"])
    steps.create_index("ix_deliveries_time", "deliveries", ["receivetime"])
    steps.create_table(
        "jobs",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column(
            "gitid",
            column_types.BigId,
            nullable=False,
            comment="The job's id on its server; a re-run gives a new one",
        ),
        sa.Column("repoid", column_types.BigId, comment="repos.Id of the repository"),
        sa.Column("rungitid", column_types.BigId, comment="workflowruns.gitid of its run"),
        sa.Column("attempt", sa.Integer(), comment="Number of the attempt it belongs to"),
        sa.Column("name", column_types.Long(), comment="Name of the job, with its matrix values"),
        sa.Column(
            "status",
            column_types.Name(64),
            comment="queued, in_progress, completed, waiting, requested or pending",
        ),
        sa.Column(
            "conclusion",
            column_types.Name(64),
            comment="success, failure, cancelled, skipped, timed_out, ...; NULL until completed",
        ),
        sa.Column("createtime", column_types.Moment, comment="When the job was created"),
        sa.Column(
            "starttime", column_types.Moment, comment="When a runner started it; NULL if none did"
        ),
        sa.Column("endtime", column_types.Moment, comment="When it ended; NULL until completed"),
        sa.Column(
            "queuetime",
            column_types.BigId,
            comment="Seconds from createtime to starttime; NULL if inherited",
        ),
        sa.Column("runtime", sa.Double(), comment="Seconds from starttime to endtime"),
        sa.Column(
            "os", column_types.Name(100), comment="Linux, Windows or macOS, as its labels name it"
        ),
        sa.Column("labels", column_types.Long(), comment="Labels it asked for, a JSON list"),
        sa.Column("runnername", column_types.Long(), comment="Runner that ran it"),
        sa.Column("runnergroup", column_types.Long(), comment="Group of the runner"),
        sa.Column("url", column_types.Long(), comment="HTML page"),
        sa.Column("workflowname", column_types.Long(), comment="Name of the workflow"),
        sa.Column("branchname", column_types.Exact(512), comment="Head branch of its run"),
        sa.Column("commithash", column_types.Exact(64), comment="Head sha of its run"),
        sa.Column(
            "repo", column_types.Name(512), comment="Full name of the repository today: org/name"
        ),
        sa.Column(
            "inherited",
            sa.Boolean(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Copied into a re-run of failed jobs: it ran in an earlier attempt",
        ),
        sa.Column(
            "gated",
            sa.Boolean(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Waited for an approval: its queue time is a person's",
        ),
        sa.Column(
            "clockanomaly", sa.Boolean(), comment="Its times run backwards; the span is NULL"
        ),
        sa.Column(
            "failedstep",
            column_types.Long(),
            comment="Name of the first step that failed or timed out",
        ),
        sa.Column(
            "steps",
            column_types.Long(),
            comment="Steps of a completed job, a JSON list; see the steps view",
        ),
        sa.Column(
            "version",
            column_types.Version,
            server_default="",
            nullable=False,
            comment="Orders the records of this row; compared as bytes, empty in a stub",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "gitid", name="uq_jobs"),
        comment="Jobs of every attempt",
        **steps.OPTIONS,
    )
    steps.create_index("ix_jobs_repo", "jobs", ["repoid", "createtime"])
    steps.create_index("ix_jobs_run", "jobs", ["provider", "rungitid"])
    steps.create_index("ix_jobs_time", "jobs", ["createtime"])
    steps.create_table(
        "repoaliases",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column(
            "name", column_types.Exact(512), nullable=False, comment="Full name, byte for byte"
        ),
        sa.Column(
            "firstseen", column_types.Moment, comment="Earliest time GitHub gave with this name"
        ),
        sa.Column(
            "lastseen", column_types.Moment, comment="Latest time GitHub gave with this name"
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "name", name="uq_repoaliases"),
        comment="Every full name a repository goes or went by",
        **steps.OPTIONS,
    )
    steps.create_index("ix_repoaliases_name", "repoaliases", ["name"])
    steps.create_table(
        "repos",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column("name", column_types.Name(512), comment="Full name today: org/name"),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column(
            "gitid",
            column_types.BigId,
            nullable=False,
            comment="The repository's id on its server; survives renames and transfers",
        ),
        sa.Column("url", column_types.Long(), comment="HTML page"),
        sa.Column("defaultbranch", column_types.Exact(512), comment="Name of the default branch"),
        sa.Column("private", sa.Boolean(), comment="Whether the repository is private"),
        sa.Column("archived", sa.Boolean(), comment="Whether the repository is archived"),
        sa.Column(
            "version",
            column_types.Version,
            server_default="",
            nullable=False,
            comment="Orders the records of this row; compared as bytes, empty in a stub",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "gitid", name="uq_repos"),
        comment="Repositories that are or were watched",
        **steps.OPTIONS,
    )
    steps.create_index("ix_repos_name", "repos", ["name"])
    steps.create_table(
        "rewrites",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column("tablename", column_types.Exact(64), nullable=False, comment="Table to rewrite"),
        sa.Column(
            "position", column_types.BigId, nullable=False, comment="Rows up to this Id are done"
        ),
        sa.Column("passes", sa.Integer(), nullable=False, comment="Passes still to make"),
        sa.Column(
            "duetime", column_types.Moment, comment="Not before this time, on the database's clock"
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "tablename", name="uq_rewrites"),
        comment="Older rows that still have to learn their repository's new name",
        **steps.OPTIONS,
    )
    steps.create_table(
        "runattempts",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column("repoid", column_types.BigId, comment="repos.Id of the repository"),
        sa.Column(
            "rungitid", column_types.BigId, nullable=False, comment="workflowruns.gitid of its run"
        ),
        sa.Column("attempt", sa.Integer(), nullable=False, comment="Number of the attempt, from 1"),
        sa.Column(
            "status",
            column_types.Name(64),
            comment="queued, in_progress, completed, waiting, requested or pending",
        ),
        sa.Column(
            "conclusion",
            column_types.Name(64),
            comment="success, failure, cancelled, skipped, timed_out, ...; NULL until completed",
        ),
        sa.Column(
            "createtime",
            column_types.Moment,
            comment="When the attempt was started (run_started_at)",
        ),
        sa.Column(
            "starttime",
            column_types.Moment,
            comment="First start of a job of its own, else createtime",
        ),
        sa.Column(
            "endtime",
            column_types.Moment,
            comment="Last end of a job of its own; NULL until completed",
        ),
        sa.Column(
            "queuetime",
            column_types.BigId,
            comment="Seconds from createtime to the first job's start",
        ),
        sa.Column("runtime", sa.Double(), comment="Seconds from starttime to endtime"),
        sa.Column("triggeredby", column_types.Long(), comment="Login of who started it"),
        sa.Column("updatetime", column_types.Moment, comment="When GitHub last changed it"),
        sa.Column(
            "version",
            column_types.Version,
            server_default="",
            nullable=False,
            comment="Orders the records of this row; compared as bytes, empty in a stub",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "rungitid", "attempt", name="uq_runattempts"),
        comment="Attempts of workflow runs: the first, and one for each re-run",
        **steps.OPTIONS,
    )
    steps.create_index("ix_runattempts_repo", "runattempts", ["repoid"])
    steps.create_table(
        "workflowruns",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "gitid",
            column_types.BigId,
            nullable=False,
            comment="The run's id on its server; a re-run keeps it",
        ),
        sa.Column(
            "author", column_types.Long(), comment="Login of the actor who triggered the run"
        ),
        sa.Column("runtime", sa.Double(), comment="Seconds from starttime to endtime"),
        sa.Column("createtime", column_types.Moment, comment="When the run was created"),
        sa.Column("starttime", column_types.Moment, comment="First start of a job of this attempt"),
        sa.Column(
            "endtime",
            column_types.Moment,
            comment="Last end of a job of this attempt; NULL until completed",
        ),
        sa.Column(
            "queuetime",
            column_types.BigId,
            comment="Seconds the attempt waited for its first job to start",
        ),
        sa.Column(
            "status",
            column_types.Name(64),
            comment="queued, in_progress, completed, waiting, requested or pending",
        ),
        sa.Column(
            "conclusion",
            column_types.Name(64),
            comment="success, failure, cancelled, skipped, timed_out, ...; NULL until completed",
        ),
        sa.Column("url", column_types.Long(), comment="HTML page"),
        sa.Column(
            "branchname",
            column_types.Exact(512),
            comment="Head branch; a fork's branch or a tag may be here",
        ),
        sa.Column("commithash", column_types.Exact(64), comment="Head sha"),
        sa.Column("workflowname", column_types.Long(), comment="Name of the workflow"),
        sa.Column(
            "repo", column_types.Name(512), comment="Full name of the repository today: org/name"
        ),
        sa.Column(
            "os",
            column_types.Name(100),
            comment="Linux, Windows, macOS of its started jobs, with commas",
        ),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column("repoid", column_types.BigId, comment="repos.Id of the repository"),
        sa.Column("attempt", sa.Integer(), comment="Number of the attempt that is shown, from 1"),
        sa.Column("runnumber", column_types.BigId, comment="Number of the run within its workflow"),
        sa.Column(
            "event",
            column_types.Name(64),
            comment="What triggered it: push, schedule, pull_request, ...",
        ),
        sa.Column("title", column_types.Long(), comment="Title GitHub displays"),
        sa.Column("workflowgitid", column_types.BigId, comment="workflows.gitid of its workflow"),
        sa.Column("triggeredby", column_types.Long(), comment="Login of who started this attempt"),
        sa.Column("updatetime", column_types.Moment, comment="When GitHub last changed it"),
        sa.Column(
            "version",
            column_types.Version,
            server_default="",
            nullable=False,
            comment="Orders the records of this row; compared as bytes, empty in a stub",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "gitid", name="uq_workflowruns"),
        comment="Workflow runs; what changes mirrors the run's highest known attempt",
        **steps.OPTIONS,
    )
    steps.create_index("ix_workflowruns_commit", "workflowruns", ["repoid", "commithash"])
    steps.create_index("ix_workflowruns_repo", "workflowruns", ["repoid", "createtime"])
    steps.create_index("ix_workflowruns_time", "workflowruns", ["createtime"])
    steps.create_table(
        "workflows",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column("name", column_types.Long(), comment="Name of the workflow"),
        sa.Column("url", column_types.Long(), comment="HTML page"),
        sa.Column(
            "repo", column_types.Name(512), comment="Full name of the repository today: org/name"
        ),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column(
            "gitid", column_types.BigId, nullable=False, comment="The workflow's id on its server"
        ),
        sa.Column("repoid", column_types.BigId, comment="repos.Id of the repository"),
        sa.Column("path", column_types.Long(), comment="Path of its file"),
        sa.Column("state", column_types.Long(), comment="active, deleted, disabled_manually, ..."),
        sa.Column(
            "version",
            column_types.Version,
            server_default="",
            nullable=False,
            comment="Orders the records of this row; compared as bytes, empty in a stub",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "gitid", name="uq_workflows"),
        comment="Workflow files of a repository",
        **steps.OPTIONS,
    )
    steps.create_index("ix_workflows_repo", "workflows", ["repoid"])
