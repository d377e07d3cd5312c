"""Roll-ups for the pages."""

from sqlalchemy import Integer

from engines.column_types import BigId, Exact, Long, Moment
from schema.migrations.steps import (
    column,
    create_index,
    create_table,
    needed,
    provider,
    repo_id,
    run_id,
)

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    create_table(
        "dirtyruns",
        "Runs that changed since the roll-ups of their days were made",
        provider(),
        run_id(),
        needed("mark", BigId, "Counts the changes: a later one is not lost"),
        needed("marktime", Moment, "When the first of them was written"),
        unique=["provider", "rungitid"],
    )
    create_table(
        "rollspans",
        "Spans of time whose roll-ups are made",
        needed("kind", Exact(16), "day, night or flakes"),
        needed("begintime", Moment, "Its first moment"),
        needed("endtime", Moment, "Its end, which does not belong to it"),
        needed("rules", Exact(64), "Hash of the rules it was made by"),
        needed("revision", BigId, "Counts how often it was made"),
        needed("rolltime", Moment, "When it was made"),
        unique=["kind", "begintime"],
    )
    create_table(
        "rollups",
        "The runs and jobs that a repository, or all together, created on a day",
        needed("begintime", Moment, "rollspans.begintime of the day"),
        needed("repoid", BigId, "repos.Id of the repository; 0 for all"),
        needed("runs", BigId, "How many runs"),
        needed("open", BigId, "How many of them have not ended"),
        column("newest", Moment, "When the last of them was created"),
        column("changed", Moment, "When GitHub last changed one of them"),
        column("detail", Long(), "What they and their jobs have in common, as JSON"),
        unique=["repoid", "begintime"],
    )
    create_index(
        "ix_rollups_figures",
        "rollups",
        ["begintime", "repoid", "runs", "open", "newest", "changed"],
    )
    create_table(
        "rollnights",
        "What a repository's nightly runs did in a night",
        needed("begintime", Moment, "rollspans.begintime of the night"),
        repo_id(),
        needed("way", Exact(16), "What makes them nightly: schedule, branch, group"),
        needed("state", Exact(16), "failed, running, warned, passed or nothing"),
        needed("runs", Integer(), "How many runs"),
        needed("detail", Long(), "Workflows that ran, and what failed, as JSON"),
        unique=["repoid", "begintime", "way"],
    )
    create_index("ix_rollnights_time", "rollnights", ["begintime"])
    create_table(
        "rollflakes",
        "Flaky jobs of the days that the page Flakes shows at first",
        needed("place", Integer(), "0 for the most often flaky"),
        needed("detail", Long(), "The job and its figures, as JSON"),
        unique=["place"],
    )
