"""What the pages would otherwise count anew each time: days, nights and flaky jobs.

All of it follows from other tables and may be deleted at any time: it is made again.
"""

from sqlalchemy import Index, Integer

from engines.column_types import BigId, Exact, Long, Moment
from schema.tables.columns import column, git_id, provider, repo_id, row_id, table

dirtyruns = table(
    "dirtyruns",
    "Runs that changed since the roll-ups of their days were made",
    row_id(),
    provider(),
    git_id("rungitid", "key", "workflowruns.gitid of the run"),
    column("mark", BigId, "own", "Counts the changes: a later one is not lost", nullable=False),
    column("marktime", Moment, "own", "When the first of them was written", nullable=False),
)

rollspans = table(
    "rollspans",
    "Spans of time whose roll-ups are made",
    row_id(),
    column("kind", Exact(16), "key", "day, night or flakes"),
    column("begintime", Moment, "key", "Its first moment"),
    column("endtime", Moment, "own", "Its end, which does not belong to it", nullable=False),
    column("rules", Exact(64), "own", "Hash of the rules it was made by", nullable=False),
    column("revision", BigId, "own", "Counts how often it was made", nullable=False),
    column("rolltime", Moment, "own", "When it was made", nullable=False),
)

rollups = table(
    "rollups",
    "The runs and jobs that a repository, or all together, created on a day",
    row_id(),
    column("begintime", Moment, "key", "rollspans.begintime of the day"),
    column("repoid", BigId, "key", "repos.Id of the repository; 0 for all"),
    column("runs", BigId, "own", "How many runs", nullable=False),
    column("open", BigId, "own", "How many of them have not ended", nullable=False),
    column("newest", Moment, "own", "When the last of them was created"),
    column("changed", Moment, "own", "When GitHub last changed one of them"),
    column("detail", Long(), "own", "What they and their jobs have in common, as JSON"),
    column("figures", Long(), "own", "How they ended, on which runners, what for, as JSON"),
    # The figures alone, without the long detail beside them.
    Index("ix_rollups_figures", "begintime", "repoid", "runs", "open", "newest", "changed"),
)

rollnights = table(
    "rollnights",
    "What a repository's nightly runs did in a night",
    row_id(),
    column("begintime", Moment, "key", "rollspans.begintime of the night"),
    repo_id("key"),
    column("way", Exact(16), "key", "What makes them nightly: schedule, branch, group"),
    column("state", Exact(16), "own", "failed, running, warned, passed or nothing", nullable=False),
    column("runs", Integer(), "own", "How many runs", nullable=False),
    column("detail", Long(), "own", "Workflows that ran, and what failed, as JSON", nullable=False),
    Index("ix_rollnights_time", "begintime"),
)

rollflakedays = table(
    "rollflakedays",
    "On which commits each job ended on a day, and how where it failed and passed on one",
    row_id(),
    column("begintime", Moment, "key", "rollspans.begintime of the day"),
    column(
        "detail", Long(), "own", "Commits, links to other days, and ends, as JSON", nullable=False
    ),
)

rollparts = table(
    "rollparts",
    "What one workflow, job or branch did on a day, and how the jobs of a repository ended",
    row_id(),
    column("begintime", Moment, "key", "rollspans.begintime of the day"),
    column("part", Exact(64), "key", "SHA-256 of what kind of part it is, and of its name"),
    column(
        "detail",
        Long(),
        "own",
        "Its runs and jobs as in rollups.detail by event, as JSON",
        nullable=False,
    ),
    Index("ix_rollparts_part", "part", "begintime"),
)

rollflakes = table(
    "rollflakes",
    "Flaky jobs of the days that the page Flakes shows at first",
    row_id(),
    column("place", Integer(), "key", "0 for the most often flaky"),
    column("detail", Long(), "own", "The job and its figures, as JSON", nullable=False),
)
