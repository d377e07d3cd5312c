"""Raw deliveries, and the rewriting of rows whose repository has a new name."""

from sqlalchemy import Index, Integer

from engines.column_types import BigId, Bytes, Exact, Long, Moment, Name
from schema.tables.columns import column, git_id, provider, repo_id, row_id, table

deliveries = table(
    "deliveries",
    "Deliveries as received: what every row above was made from",
    row_id(),
    provider(),
    column("guid", Exact(64), "key", "X-GitHub-Delivery; a redelivery keeps it"),
    git_id("hookid", "own", "X-GitHub-Hook-ID"),
    column("event", Name(64), "own", "X-GitHub-Event", nullable=False),
    column("action", Long(), "own", "The payload's action"),
    column("repo", Long(), "own", "Full name of the repository at the time"),
    column("receivetime", Moment, "own", "When it was received first", nullable=False),
    column("body", Bytes, "own", "Body as received, zlib; NULL when ignored"),
    column("state", Exact(16), "own", "applied, quarantined or ignored", nullable=False),
    column("attempts", Integer(), "own", "How often it was received or replayed", nullable=False),
    column("error", Long(), "own", "Why it is quarantined or ignored, or what of it is not known"),
    column("applytime", Moment, "own", "When its rows were written"),
    column("bodyhash", Exact(64), "own", "SHA-256 of the body; NULL when ignored, or older"),
    Index("ix_deliveries_state", "state", "receivetime"),
    Index("ix_deliveries_time", "receivetime"),
)

rewrites = table(
    "rewrites",
    "Older rows that still have to learn their repository's new name",
    row_id(),
    repo_id("key"),
    column("tablename", Exact(64), "key", "Table to rewrite"),
    column("position", BigId, "own", "Rows up to this Id are done", nullable=False),
    column("passes", Integer(), "own", "Passes still to make", nullable=False),
    column("duetime", Moment, "own", "Not before this time, on the database's clock"),
)

deliveryparts = table(
    "deliveryparts",
    "What follows the first part of a long body, which is in deliveries.body",
    row_id(),
    provider(),
    column("guid", Exact(64), "key", "deliveries.guid"),
    column("number", Integer(), "key", "1 for the part after the first"),
    column("body", Bytes, "own", "Bytes as they follow, zlib", nullable=False),
)
