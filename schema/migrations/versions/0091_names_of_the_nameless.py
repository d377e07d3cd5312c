"""main_red and main_now, which every upgrade makes: they name what has no name."""

revision = "0091"
down_revision = "0090"


def upgrade() -> None:
    """Change no table."""
