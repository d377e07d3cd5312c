"""The views own_jobs, job_steps and daily, which every upgrade makes; no table changes."""

revision = "0044"
down_revision = "0042"


def upgrade() -> None:
    """Change nothing: what an upgrade makes after its migrations is what is new."""
