"""Tables that say how far a backfill has come: the store's own business, none of GitHub's.

They are written in the same transactions as the rows they speak of, so a process killed at any
moment leaves no row behind that is noted, and none noted that is not there.
"""

from sqlalchemy import Boolean, Index, Integer

from engines.column_types import BigId, Exact, Long, Moment
from schema.tables.columns import column, git_id, repo_id, row_id, table

windows = table(
    "windows",
    "Spans of time whose runs a backfill lists; together they have no gap",
    row_id(),
    repo_id("key"),
    column("firsttime", Moment, "key", "First second; 1970 means from the beginning"),
    column("lasttime", Moment, "key", "Last second"),
    column(
        "state", Exact(16), "own", "open, listed, or closed: all in it is stored", nullable=False
    ),
    column("total", BigId, "own", "Runs that GitHub counts in it; NULL until it was asked"),
    column("listed", BigId, "own", "Runs of the pages that are stored", nullable=False),
    column("nextpage", Long(), "own", "Path of the next page to read; NULL for the first"),
    Index("ix_windows_state", "repoid", "state"),
)

runreads = table(
    "runreads",
    "How far a backfill has read each run; what is not done is asked for again",
    row_id(),
    repo_id("key"),
    git_id("rungitid", "key", "workflowruns.gitid of the run"),
    column("createtime", Moment, "own", "When the run was created"),
    column("attempt", Integer(), "own", "Attempt in which it was listed", nullable=False),
    column("updatetime", Moment, "own", "When GitHub had last changed it"),
    column(
        "ended", Boolean(), "own", "Whether it was completed when it was listed", nullable=False
    ),
    column("whole", Integer(), "own", "Attempts up to this one are stored", nullable=False),
    column(
        "state",
        Exact(16),
        "own",
        "due, seeded (by GraphQL), open (it had not ended), or done",
        nullable=False,
    ),
    Index("ix_runreads_state", "repoid", "state"),
    Index("ix_runreads_time", "repoid", "createtime"),
)

etags = table(
    "etags",
    "Stored pages of GitHub: with its ETag, an unchanged one costs nothing",
    row_id(),
    repo_id("key"),
    column("path", Exact(), "key", "Path and query"),
    column("etag", Long(), "own", "ETag of the answer", nullable=False),
    column("nextpage", Long(), "own", "Path of the page after it; NULL for the last"),
)

commitwalks = table(
    "commitwalks",
    "Heads whose history a backfill reads",
    row_id(),
    repo_id("key"),
    column("head", Exact(64), "key", "Commit it starts from"),
    column(
        "state", Exact(16), "own", "open, or closed: all down to its end is stored", nullable=False
    ),
    column("since", Moment, "own", "Commit time it goes back to; NULL while that is not known"),
    column("total", BigId, "own", "Commits stored so far", nullable=False),
    column("nextpage", Long(), "own", "Path of the next page to read; NULL for the first"),
)
