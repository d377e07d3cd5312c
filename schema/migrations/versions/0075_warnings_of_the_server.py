"""What a server says of jobs that no list has: GitLab's bridges that may fail."""

from sqlalchemy import Boolean

from schema.migrations.steps import add_column, column

revision = "0075"
down_revision = "0074"


def upgrade() -> None:
    comment = "The server says it passed with warnings; else NULL"
    add_column("runattempts", column("haswarnings", Boolean(), comment))
