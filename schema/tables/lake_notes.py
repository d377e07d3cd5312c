"""What a lake that follows this store still has to copy (lake/sync.py). Empty without a lake."""

from sqlalchemy import Boolean

from engines.column_types import BigId, Exact, Moment
from schema.tables.columns import column, git_id, provider, row_id, table

lakes = table(
    "lakes",
    "The lake that follows this store, where there is one",
    row_id(),
    column("lakeid", Exact(64), "key", "The lake's own id, which its table syncs has, too"),
    column("sync", Exact(64), "own", "Its last sync that is known to be whole; NULL before"),
    column("pending", Exact(64), "own", "The sync that is under way, or was broken off"),
    column("synctime", Moment, "own", "When the last one began or ended", nullable=False),
)

lakeruns = table(
    "lakeruns",
    "Runs that a lake copies again, and those of dirtyruns that it has",
    row_id(),
    provider(),
    git_id("rungitid", "key", "workflowruns.gitid of the run"),
    column("mark", BigId, "own", "dirtyruns.mark of the change", nullable=False),
    column("copied", Boolean(), "own", "Whether the lake has this change", nullable=False),
)

lakerepos = table(
    "lakerepos",
    "Repositories all of whose rows a lake compares again",
    row_id(),
    column("repository", BigId, "key", "repos.Id of the repository"),
    column("mark", BigId, "own", "Counts the changes: a later one is not lost", nullable=False),
)

lakecommits = table(
    "lakecommits",
    "Commits that a lake copies again",
    row_id(),
    column("repoid", BigId, "key", "repos.Id of the repository"),
    column("hash", Exact(64), "key", "Commit hash"),
    column("mark", BigId, "own", "Counts the changes: a later one is not lost", nullable=False),
)
