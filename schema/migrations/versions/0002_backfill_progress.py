"""How far a backfill has come."""

from sqlalchemy import Boolean, Integer

from engines.column_types import BigId, Exact, Long, Moment
from schema.migrations.steps import column, create_index, create_table, needed, repo_id, run_id

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_table(
        "commitwalks",
        "Heads whose history a backfill reads",
        repo_id(),
        needed("head", Exact(64), "Commit it starts from"),
        needed("state", Exact(16), "open, or closed: all down to its end is stored"),
        column("since", Moment, "Commit time it goes back to; NULL while that is not known"),
        needed("total", BigId, "Commits stored so far"),
        column("nextpage", Long(), "Path of the next page to read; NULL for the first"),
        unique=["repoid", "head"],
    )
    create_table(
        "etags",
        "Stored pages of GitHub: with its ETag, an unchanged one costs nothing",
        repo_id(),
        needed("path", Exact(512), "Path and query"),
        needed("etag", Long(), "ETag of the answer"),
        column("nextpage", Long(), "Path of the page after it; NULL for the last"),
        unique=["repoid", "path"],
    )
    create_table(
        "runreads",
        "How far a backfill has read each run; what is not done is asked for again",
        repo_id(),
        run_id(),
        column("createtime", Moment, "When the run was created"),
        needed("attempt", Integer(), "Attempt in which it was listed"),
        column("updatetime", Moment, "When GitHub had last changed it"),
        needed("ended", Boolean(), "Whether it was completed when it was listed"),
        needed("whole", Integer(), "Attempts up to this one are stored"),
        needed("state", Exact(16), "due, seeded (by GraphQL), open (it had not ended), or done"),
        unique=["repoid", "rungitid"],
    )
    create_index("ix_runreads_state", "runreads", ["repoid", "state"])
    create_index("ix_runreads_time", "runreads", ["repoid", "createtime"])
    create_table(
        "windows",
        "Spans of time whose runs a backfill lists; together they have no gap",
        repo_id(),
        needed("firsttime", Moment, "First second; 1970 means from the beginning"),
        needed("lasttime", Moment, "Last second"),
        needed("state", Exact(16), "open, listed, or closed: all in it is stored"),
        column("total", BigId, "Runs that GitHub counts in it; NULL until it was asked"),
        needed("listed", BigId, "Runs of the pages that are stored"),
        column("nextpage", Long(), "Path of the next page to read; NULL for the first"),
        unique=["repoid", "firsttime", "lasttime"],
    )
    create_index("ix_windows_state", "windows", ["repoid", "state"])
