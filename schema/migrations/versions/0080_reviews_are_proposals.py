"""main_red and main_now, which every upgrade makes: a run of a review tells nothing of main."""

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    """Change no table."""
