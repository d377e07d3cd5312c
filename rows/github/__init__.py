"""GitHub's objects as rows: one file per table, and `events`, the router."""
