"""What a lake that follows the store still has to copy."""

from sqlalchemy import Boolean

from engines.column_types import BigId, Exact, Moment
from schema.migrations.steps import column, create_table, needed

revision = "0070"
down_revision = "0039"


def upgrade() -> None:
    create_table(
        "lakes",
        "The lake that follows this store, where there is one",
        needed("lakeid", Exact(64), "The lake's own id, which its table syncs has, too"),
        column("sync", Exact(64), "Its last sync that is known to be whole; NULL before"),
        column("pending", Exact(64), "The sync that is under way, or was broken off"),
        needed("synctime", Moment, "When the last one began or ended"),
        unique=("lakeid",),
    )
    create_table(
        "lakeruns",
        "Runs that a lake copies again, and those of dirtyruns that it has",
        needed("provider", Exact(255), "Server that gave the ids: github, or github:host"),
        needed("rungitid", BigId, "workflowruns.gitid of the run"),
        needed("mark", BigId, "dirtyruns.mark of the change"),
        needed("copied", Boolean(), "Whether the lake has this change"),
        unique=("provider", "rungitid"),
    )
    create_table(
        "lakerepos",
        "Repositories all of whose rows a lake compares again",
        needed("repository", BigId, "repos.Id of the repository"),
        needed("mark", BigId, "Counts the changes: a later one is not lost"),
        unique=("repository",),
    )
