"""Issues that carry an error's fingerprint."""

from engines.column_types import Exact, Long, Moment
from schema.migrations.steps import column, create_table, needed, repo_id

revision = "0035"
down_revision = "0017"


def upgrade() -> None:
    create_table(
        "errorissues",
        "Issues that carry an error's fingerprint, as they were found last; one row, even for none",
        repo_id(),
        needed("fingerprint", Exact(64), "failures.fingerprint"),
        column("issues", Long(), "JSON list: number, title, state and url of each"),
        needed("searchtime", Moment, "When they were looked for"),
        unique=["repoid", "fingerprint"],
    )
