"""main_red and main_now, which every upgrade makes: Dependabot's updates tell nothing of main."""

revision = "0086"
down_revision = "0084"


def upgrade() -> None:
    """Change no table."""
