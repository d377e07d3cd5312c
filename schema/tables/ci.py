"""What a vendor tells of its repositories and their CI: first the documented tables and columns."""

from sqlalchemy import Boolean, Double, Index, Integer, false

from engines.column_types import BigId, Exact, Long, Moment, Name
from schema.tables.columns import column, git_id, order, provider, repo_id, repo_name, row_id, table
from schema.tables.columns import keys as keys
from schema.tables.columns import metadata as metadata
from schema.tables.columns import of_kind as of_kind

STATUS = "queued, in_progress, completed, waiting, requested or pending"
CONCLUSION = "success, failure, cancelled, skipped, timed_out, ...; NULL until completed"

repos = table(
    "repos",
    "Repositories that are or were watched",
    row_id(),
    column("name", Name(), "state", "Full name today: org/name"),
    provider(unknown=True),
    git_id(
        "gitid",
        "key",
        "The repository's id on its server; survives renames and transfers",
        unknown=True,
    ),
    column("url", Long(), "state", "HTML page"),
    column("defaultbranch", Exact(), "state", "Name of the default branch"),
    column("private", Boolean(), "state", "Whether the repository is private"),
    column("archived", Boolean(), "state", "Whether the repository is archived"),
    order(),
    column(
        "gonetime", Moment, "own", "Since when it is gone; with no gonereason, when it was back"
    ),
    column("gonereason", Name(64), "own", "Why its server has it no more; NULL while it has it"),
    Index("ix_repos_name", "name"),
)

repoaliases = table(
    "repoaliases",
    "Every full name a repository goes or went by",
    row_id(),
    repo_id("key"),
    column("name", Exact(), "key", "Full name, byte for byte"),
    column("firstseen", Moment, "first", "Earliest time GitHub gave with this name"),
    column("lastseen", Moment, "last", "Latest time GitHub gave with this name"),
    Index("ix_repoaliases_name", "name"),
)

branches = table(
    "branches",
    "Branches, deleted ones too",
    row_id(),
    column("name", Exact(), "key", "Name without refs/heads/, byte for byte", unknown=True),
    column("author", Long(), "derived", "Git author of the head commit; NULL while it is unknown"),
    repo_name(),
    repo_id("key", unknown=True),
    column("headhash", Exact(64), "state", "Commit the branch points at; NULL once deleted"),
    column("deletetime", Moment, "state", "When the branch was deleted; NULL while it exists"),
    order(),
    column("defaultuntil", Moment, "last", "Until when it was the default branch; NULL if unknown"),
    Index("ix_branches_head", "repoid", "headhash"),
    Index("ix_branches_default", "defaultuntil"),
)

commits = table(
    "commits",
    "Commits that pushes brought or a backfill read",
    row_id(),
    column("hash", Exact(64), "key", "Commit hash", unknown=True),
    column("author", Long(), "fixed", "Git author's name"),
    column("message", Long(), "fixed", "Commit message"),
    column("time", Moment, "fixed", "Author's time in UTC"),
    repo_name(),
    repo_id("key", unknown=True),
    column("authorlogin", Long(), "fixed", "Login of the author's account, where there is one"),
    column("url", Long(), "place", "HTML page"),
    order(),
    Index("ix_commits_time", "repoid", "time"),
)

workflows = table(
    "workflows",
    "Workflow files of a repository",
    row_id(),
    column("name", Long(), "state", "Name of the workflow"),
    column("url", Long(), "place", "HTML page"),
    repo_name(),
    provider(unknown=True),
    git_id("gitid", "key", "The workflow's id on its server", unknown=True),
    repo_id(),
    column("path", Long(), "state", "Path of its file"),
    column("state", Long(), "state", "active, deleted, disabled_manually, ..."),
    order(),
    Index("ix_workflows_repo", "repoid"),
)

workflowruns = table(
    "workflowruns",
    "Workflow runs; what changes mirrors the run's highest known attempt",
    row_id(),
    git_id("gitid", "key", "The run's id on its server; a re-run keeps it", unknown=True),
    column("author", Long(), "fixed", "Login of the actor who triggered the run"),
    column("runtime", Double(), "derived", "Seconds from starttime to endtime"),
    column("createtime", Moment, "fixed", "When the run was created"),
    column("starttime", Moment, "derived", "First start of a job of this attempt"),
    column("endtime", Moment, "derived", "Last end of a job of this attempt; NULL until completed"),
    column("queuetime", BigId, "derived", "Seconds the attempt waited for its first job to start"),
    column("status", Name(64), "derived", STATUS),
    column("conclusion", Name(64), "derived", CONCLUSION),
    column("url", Long(), "place", "HTML page"),
    column("branchname", Exact(), "fixed", "Head branch; a fork's branch or a tag may be here"),
    column("commithash", Exact(64), "fixed", "Head sha"),
    column("workflowname", Long(), "fixed", "Name of the workflow"),
    repo_name(),
    column("os", Name(100), "derived", "Linux, Windows, macOS of its started jobs, with commas"),
    provider(unknown=True),
    repo_id(),
    column("attempt", Integer(), "derived", "Number of the attempt that is shown, from 1"),
    git_id("runnumber", "fixed", "Number of the run within its workflow"),
    column("event", Name(64), "fixed", "What triggered it: push, schedule, pull_request, ..."),
    column("title", Long(), "fixed", "Title GitHub displays"),
    git_id("workflowgitid", "fixed", "workflows.gitid of its workflow"),
    column("triggeredby", Long(), "derived", "Login of who started this attempt"),
    column("updatetime", Moment, "derived", "When GitHub last changed it"),
    order(),
    column(
        "headrepo",
        Name(),
        "fixed",
        "Full name of the repository its commit is from: a fork; NULL for its own, `unknown` for a"
        " fork that is gone",
    ),
    column(
        "warned", Boolean(), "derived", "Passed, though a job failed or was tried again; else NULL"
    ),
    git_id("parentgitid", "fixed", "The run that made this one, where a run did"),
    git_id("parentjobgitid", "fixed", "jobs.gitid of the job that made this run"),
    column("pullrequest", Integer(), "first", "The least pull request it is of, of no fork"),
    column("passedtime", Moment, "last", "When it last passed, or had so far; NULL on GitHub"),
    column("failedtime", Moment, "last", "When it last failed, or had so far; NULL on GitHub"),
    Index("ix_workflowruns_repo", "repoid", "createtime"),
    Index("ix_workflowruns_time", "createtime"),
    Index("ix_workflowruns_commit", "repoid", "commithash"),
    Index("ix_workflowruns_pull", "pullrequest", "repoid", "createtime"),
    Index("ix_workflowruns_branch", "repoid", "branchname", "createtime"),
    Index("ix_workflowruns_workflow", "repoid", "workflowgitid", "createtime"),
    Index("ix_workflowruns_main", "repoid", "workflowgitid", "branchname", "createtime"),
    *(Index(f"ix_workflowruns_{name}", name, "createtime") for name in ("runtime", "queuetime")),
)

runattempts = table(
    "runattempts",
    "Attempts of workflow runs: the first, and one for each re-run",
    row_id(),
    provider(),
    repo_id(),
    git_id("rungitid", "key", "workflowruns.gitid of its run"),
    column("attempt", Integer(), "key", "Number of the attempt, from 1"),
    column("status", Name(64), "state", STATUS),
    column("conclusion", Name(64), "state", CONCLUSION),
    column("createtime", Moment, "state", "When the attempt was started (run_started_at)"),
    column(
        "starttime",
        Moment,
        "derived",
        "First start of a job of its own; NULL if it never started, else createtime",
    ),
    column("endtime", Moment, "derived", "Last end of a job of its own; NULL until completed"),
    column("queuetime", BigId, "derived", "Seconds from createtime to the first job's start"),
    column("runtime", Double(), "derived", "Seconds from starttime to endtime"),
    column("triggeredby", Long(), "fixed", "Login of who started it"),
    column("updatetime", Moment, "state", "When GitHub last changed it"),
    order(),
    column("finishtime", Moment, "state", "When the server says it ended, where it says that"),
    column("haswarnings", Boolean(), "state", "The server says it passed with warnings; else NULL"),
    Index("ix_runattempts_repo", "repoid"),
)

jobs = table(
    "jobs",
    "Jobs of every attempt",
    row_id(),
    provider(),
    git_id("gitid", "key", "The job's id on its server; a re-run gives a new one"),
    repo_id(),
    git_id("rungitid", "parent", "workflowruns.gitid of its run"),
    column("attempt", Integer(), "fixed", "Number of the attempt it belongs to"),
    column("name", Long(), "fixed", "Name of the job, with its matrix values"),
    column("status", Name(64), "state", STATUS),
    column("conclusion", Name(64), "state", CONCLUSION),
    column("createtime", Moment, "fixed", "When the job was created"),
    column("starttime", Moment, "state", "When a runner started it; NULL if none did"),
    column("endtime", Moment, "state", "When it ended; NULL until completed"),
    column("queuetime", BigId, "state", "Seconds from createtime to starttime; NULL if inherited"),
    column("runtime", Double(), "state", "Seconds from starttime to endtime"),
    column("os", Name(100), "fixed", "Linux, Windows or macOS, as its labels name it"),
    column("labels", Long(), "fixed", "Labels it asked for, a JSON list"),
    column("runnername", Long(), "fixed", "Runner that ran it"),
    column("runnergroup", Long(), "fixed", "Group of the runner"),
    column("url", Long(), "place", "HTML page"),
    column("workflowname", Long(), "fixed", "Name of the workflow"),
    column("branchname", Exact(), "fixed", "Head branch of its run"),
    column("commithash", Exact(64), "fixed", "Head sha of its run"),
    repo_name(),
    column(
        "inherited",
        Boolean(),
        "sticky",
        "Copied into a re-run of failed jobs: it ran in an earlier attempt",
        nullable=False,
        server_default=false(),
    ),
    column(
        "gated",
        Boolean(),
        "sticky",
        "Waited for an approval: its queue time is a person's",
        nullable=False,
        server_default=false(),
    ),
    column("clockanomaly", Boolean(), "state", "Its times run backwards; the span is NULL"),
    column("failedstep", Long(), "state", "Name of the first step that failed or timed out"),
    column("steps", Long(), "state", "Steps of a completed job, a JSON list; see the steps view"),
    order(),
    column(
        "latestart",
        Boolean(),
        "state",
        "Its first step began a minute or more after started_at; starttime is that of the step",
    ),
    column("stage", Long(), "fixed", "Stage of the run that it is part of"),
    column("allowfailure", Boolean(), "state", "Whether the run may pass although it fails"),
    column("failurereason", Name(64), "state", "Why it failed, in the server's word"),
    column(
        "tryno", Integer(), "derived", "Which try it is inside of its run, from 1; NULL on GitHub"
    ),
    column(
        "superseded",
        Boolean(),
        "derived",
        "Tried again inside of its run, so that a later try counts; NULL on GitHub",
    ),
    Index("ix_jobs_run", "provider", "rungitid"),
    Index("ix_jobs_repo", "repoid", "createtime"),
    Index("ix_jobs_time", "createtime"),
)

DOCUMENTED = ("repos", "branches", "commits", "workflows", "workflowruns")
PLACED = ("branches", "commits", "workflows", "workflowruns", "jobs")
"""Tables whose rows say where their repository is today."""
