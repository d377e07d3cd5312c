"""main_red and main_now, which every upgrade makes: MySQL read eight rows for each."""

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    """Change no table."""
