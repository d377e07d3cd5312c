"""main_red and main_now, which every upgrade makes: a run that is done again tells how it ended.

And workflows that a ruleset requires are no longer of the repository in which they ran first: their
page is another's.
"""

from alembic import op

revision = "0092"
down_revision = "0091"


def upgrade() -> None:
    op.execute(
        "UPDATE workflows SET repoid = NULL, repo = NULL WHERE EXISTS ("
        "SELECT 1 FROM repos WHERE repos.Id = workflows.repoid"
        " AND LOWER(SUBSTR(workflows.url, 1, LENGTH(repos.url))) <> LOWER(repos.url))"
    )
