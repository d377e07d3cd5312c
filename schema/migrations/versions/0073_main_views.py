"""The views of default branches, which are made again with each upgrade, by index alone."""

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    """Nothing else: schema.migrate makes all views."""
