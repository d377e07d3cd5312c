"""What processes agree on while they heal the store: who does it, and when to look again."""

from sqlalchemy import Index, Integer

from engines.column_types import Exact, Long, Moment
from schema.tables.columns import column, git_id, repo_id, row_id, table

leases = table(
    "leases",
    "Work that one process at a time may do, over all replicas",
    row_id(),
    column("name", Exact(64), "key", "What the work is"),
    column("holder", Exact(255), "own", "Who does it: host, process and a random part"),
    column("endtime", Moment, "own", "Until when, on the database's clock", nullable=False),
)

rereads = table(
    "rereads",
    "Runs that have been open longer than they should: when to ask GitHub again",
    row_id(),
    repo_id("key"),
    git_id("rungitid", "key", "workflowruns.gitid of the run"),
    column("tries", Integer(), "own", "How often it was asked for", nullable=False),
    column("duetime", Moment, "own", "When to ask again", nullable=False),
    column("state", Exact(16), "own", "waiting, or abandoned: never ended", nullable=False),
    Index("ix_rereads_due", "state", "duetime"),
)

marks = table(
    "marks",
    "What the reconciler remembers between two cycles",
    row_id(),
    column("subject", Exact(), "key", "Repository or hook; empty for all"),
    column("name", Exact(64), "key", "What is remembered"),
    column("value", Long(), "own", "As text or JSON"),
    column("time", Moment, "own", "When it was noted", nullable=False),
)
