"""The view main_red, which every upgrade makes; no table changes."""

revision = "0038"
down_revision = "0043"


def upgrade() -> None:
    """Change nothing: what an upgrade makes after its migrations is what is new."""
