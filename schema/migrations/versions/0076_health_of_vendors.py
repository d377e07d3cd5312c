"""Health of each vendor's repositories apart: two vendors' may have one name.

What was kept of both under one name is looked at again within a cycle.
"""

from alembic import op

revision = "0076"
down_revision = "0075"

DROP = (
    "DELETE FROM health WHERE name IN"
    " ('silence', 'hook', 'typo', 'token', 'rate', 'audit', 'unread', 'gone') AND EXISTS"
    " (SELECT 1 FROM repos WHERE provider = 'gitlab' OR provider LIKE 'gitlab:%')"
)


def upgrade() -> None:
    op.execute(DROP)
