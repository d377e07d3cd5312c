"""The first tables."""

from sqlalchemy import Boolean, Double, Integer, false

from engines.column_types import BigId, Bytes, Exact, Long, Moment, Name
from schema.migrations.steps import (
    column,
    create_index,
    create_table,
    needed,
    provider,
    repo_id,
    repo_name,
    version,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_table(
        "branches",
        "Branches, deleted ones too",
        needed("name", Exact(512), "Name without refs/heads/, byte for byte"),
        column("author", Long(), "Git author of the head commit; NULL while it is unknown"),
        repo_name(),
        repo_id(),
        column("headhash", Exact(64), "Commit the branch points at; NULL once deleted"),
        column("deletetime", Moment, "When the branch was deleted; NULL while it exists"),
        version(),
        unique=["repoid", "name"],
    )
    create_index("ix_branches_head", "branches", ["repoid", "headhash"])
    create_table(
        "commits",
        "Commits that pushes brought or a backfill read",
        needed("hash", Exact(64), "Commit hash"),
        column("author", Long(), "Git author's name"),
        column("message", Long(), "Commit message"),
        column("time", Moment, "Author's time in UTC"),
        repo_name(),
        repo_id(),
        column("authorlogin", Long(), "Login of the author's account, where there is one"),
        column("url", Long(), "HTML page"),
        version(),
        unique=["repoid", "hash"],
    )
    create_index("ix_commits_time", "commits", ["repoid", "time"])
    create_table(
        "deliveries",
        "Deliveries as received: what every row above was made from",
        provider(),
        needed("guid", Exact(64), "X-GitHub-Delivery; a redelivery keeps it"),
        column("hookid", BigId, "X-GitHub-Hook-ID"),
        needed("event", Name(64), "X-GitHub-Event"),
        column("action", Long(), "The payload's action"),
        column("repo", Long(), "Full name of the repository at the time"),
        needed("receivetime", Moment, "When it was received first"),
        column("body", Bytes, "Body as received, zlib; NULL when ignored"),
        needed("state", Exact(16), "applied, quarantined or ignored"),
        needed("attempts", Integer(), "How often it was received or replayed"),
        column("error", Long(), "Why it is quarantined or ignored"),
        column("applytime", Moment, "When its rows were written"),
        unique=["provider", "guid"],
    )
    create_index("ix_deliveries_state", "deliveries", ["state", "receivetime"])
    create_index("ix_deliveries_time", "deliveries", ["receivetime"])
    create_table(
        "jobs",
        "Jobs of every attempt",
        provider(),
        needed("gitid", BigId, "The job's id on its server; a re-run gives a new one"),
        column("repoid", BigId, "repos.Id of the repository"),
        column("rungitid", BigId, "workflowruns.gitid of its run"),
        column("attempt", Integer(), "Number of the attempt it belongs to"),
        column("name", Long(), "Name of the job, with its matrix values"),
        column("status", Name(64), "queued, in_progress, completed, waiting, requested or pending"),
        column(
            "conclusion",
            Name(64),
            "success, failure, cancelled, skipped, timed_out, ...; NULL until completed",
        ),
        column("createtime", Moment, "When the job was created"),
        column("starttime", Moment, "When a runner started it; NULL if none did"),
        column("endtime", Moment, "When it ended; NULL until completed"),
        column("queuetime", BigId, "Seconds from createtime to starttime; NULL if inherited"),
        column("runtime", Double(), "Seconds from starttime to endtime"),
        column("os", Name(100), "Linux, Windows or macOS, as its labels name it"),
        column("labels", Long(), "Labels it asked for, a JSON list"),
        column("runnername", Long(), "Runner that ran it"),
        column("runnergroup", Long(), "Group of the runner"),
        column("url", Long(), "HTML page"),
        column("workflowname", Long(), "Name of the workflow"),
        column("branchname", Exact(512), "Head branch of its run"),
        column("commithash", Exact(64), "Head sha of its run"),
        repo_name(),
        needed(
            "inherited",
            Boolean(),
            "Copied into a re-run of failed jobs: it ran in an earlier attempt",
            server_default=false(),
        ),
        needed(
            "gated",
            Boolean(),
            "Waited for an approval: its queue time is a person's",
            server_default=false(),
        ),
        column("clockanomaly", Boolean(), "Its times run backwards; the span is NULL"),
        column("failedstep", Long(), "Name of the first step that failed or timed out"),
        column("steps", Long(), "Steps of a completed job, a JSON list; see the steps view"),
        version(),
        unique=["provider", "gitid"],
    )
    create_index("ix_jobs_repo", "jobs", ["repoid", "createtime"])
    create_index("ix_jobs_run", "jobs", ["provider", "rungitid"])
    create_index("ix_jobs_time", "jobs", ["createtime"])
    create_table(
        "repoaliases",
        "Every full name a repository goes or went by",
        repo_id(),
        needed("name", Exact(512), "Full name, byte for byte"),
        column("firstseen", Moment, "Earliest time GitHub gave with this name"),
        column("lastseen", Moment, "Latest time GitHub gave with this name"),
        unique=["repoid", "name"],
    )
    create_index("ix_repoaliases_name", "repoaliases", ["name"])
    create_table(
        "repos",
        "Repositories that are or were watched",
        column("name", Name(512), "Full name today: org/name"),
        provider(),
        needed("gitid", BigId, "The repository's id on its server; survives renames and transfers"),
        column("url", Long(), "HTML page"),
        column("defaultbranch", Exact(512), "Name of the default branch"),
        column("private", Boolean(), "Whether the repository is private"),
        column("archived", Boolean(), "Whether the repository is archived"),
        version(),
        unique=["provider", "gitid"],
    )
    create_index("ix_repos_name", "repos", ["name"])
    create_table(
        "rewrites",
        "Older rows that still have to learn their repository's new name",
        repo_id(),
        needed("tablename", Exact(64), "Table to rewrite"),
        needed("position", BigId, "Rows up to this Id are done"),
        needed("passes", Integer(), "Passes still to make"),
        column("duetime", Moment, "Not before this time, on the database's clock"),
        unique=["repoid", "tablename"],
    )
    create_table(
        "runattempts",
        "Attempts of workflow runs: the first, and one for each re-run",
        provider(),
        column("repoid", BigId, "repos.Id of the repository"),
        needed("rungitid", BigId, "workflowruns.gitid of its run"),
        needed("attempt", Integer(), "Number of the attempt, from 1"),
        column("status", Name(64), "queued, in_progress, completed, waiting, requested or pending"),
        column(
            "conclusion",
            Name(64),
            "success, failure, cancelled, skipped, timed_out, ...; NULL until completed",
        ),
        column("createtime", Moment, "When the attempt was started (run_started_at)"),
        column("starttime", Moment, "First start of a job of its own, else createtime"),
        column("endtime", Moment, "Last end of a job of its own; NULL until completed"),
        column("queuetime", BigId, "Seconds from createtime to the first job's start"),
        column("runtime", Double(), "Seconds from starttime to endtime"),
        column("triggeredby", Long(), "Login of who started it"),
        column("updatetime", Moment, "When GitHub last changed it"),
        version(),
        unique=["provider", "rungitid", "attempt"],
    )
    create_index("ix_runattempts_repo", "runattempts", ["repoid"])
    create_table(
        "workflowruns",
        "Workflow runs; what changes mirrors the run's highest known attempt",
        needed("gitid", BigId, "The run's id on its server; a re-run keeps it"),
        column("author", Long(), "Login of the actor who triggered the run"),
        column("runtime", Double(), "Seconds from starttime to endtime"),
        column("createtime", Moment, "When the run was created"),
        column("starttime", Moment, "First start of a job of this attempt"),
        column("endtime", Moment, "Last end of a job of this attempt; NULL until completed"),
        column("queuetime", BigId, "Seconds the attempt waited for its first job to start"),
        column("status", Name(64), "queued, in_progress, completed, waiting, requested or pending"),
        column(
            "conclusion",
            Name(64),
            "success, failure, cancelled, skipped, timed_out, ...; NULL until completed",
        ),
        column("url", Long(), "HTML page"),
        column("branchname", Exact(512), "Head branch; a fork's branch or a tag may be here"),
        column("commithash", Exact(64), "Head sha"),
        column("workflowname", Long(), "Name of the workflow"),
        repo_name(),
        column("os", Name(100), "Linux, Windows, macOS of its started jobs, with commas"),
        provider(),
        column("repoid", BigId, "repos.Id of the repository"),
        column("attempt", Integer(), "Number of the attempt that is shown, from 1"),
        column("runnumber", BigId, "Number of the run within its workflow"),
        column("event", Name(64), "What triggered it: push, schedule, pull_request, ..."),
        column("title", Long(), "Title GitHub displays"),
        column("workflowgitid", BigId, "workflows.gitid of its workflow"),
        column("triggeredby", Long(), "Login of who started this attempt"),
        column("updatetime", Moment, "When GitHub last changed it"),
        version(),
        unique=["provider", "gitid"],
    )
    create_index("ix_workflowruns_commit", "workflowruns", ["repoid", "commithash"])
    create_index("ix_workflowruns_repo", "workflowruns", ["repoid", "createtime"])
    create_index("ix_workflowruns_time", "workflowruns", ["createtime"])
    create_table(
        "workflows",
        "Workflow files of a repository",
        column("name", Long(), "Name of the workflow"),
        column("url", Long(), "HTML page"),
        repo_name(),
        provider(),
        needed("gitid", BigId, "The workflow's id on its server"),
        column("repoid", BigId, "repos.Id of the repository"),
        column("path", Long(), "Path of its file"),
        column("state", Long(), "active, deleted, disabled_manually, ..."),
        version(),
        unique=["provider", "gitid"],
    )
    create_index("ix_workflows_repo", "workflows", ["repoid"])
