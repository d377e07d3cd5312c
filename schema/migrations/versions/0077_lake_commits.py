"""Commits that a lake which follows the store still has to copy."""

from engines.column_types import BigId, Exact
from schema.migrations.steps import create_table, needed

revision = "0077"
down_revision = "0071"


def upgrade() -> None:
    create_table(
        "lakecommits",
        "Commits that a lake copies again",
        needed("repoid", BigId, "repos.Id of the repository"),
        needed("hash", Exact(64), "Commit hash"),
        needed("mark", BigId, "Counts the changes: a later one is not lost"),
        unique=("repoid", "hash"),
    )
