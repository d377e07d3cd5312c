"""main_red and main_now, which every upgrade makes: what GitLab runs aside tells nothing."""

revision = "0090"
down_revision = "0088"


def upgrade() -> None:
    """Change no table."""
