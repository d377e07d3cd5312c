"""main_red and main_now, which every upgrade makes: MySQL sorted all runs of each repository."""

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    """Change no table."""
