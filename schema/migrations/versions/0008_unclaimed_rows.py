"""Rows of earlier installations may lack their keys until somebody claims them.

Only tables without rows are changed. What holds rows of ours has their keys and needs no change,
and a rebuild beside writers may fail: MySQL's online ALTER meets "duplicate" entries (1062) that
INSERT ... ON DUPLICATE KEY UPDATE leaves in its log.
https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-limitations.html
"""

from schema.migrations import steps

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    steps.allow_null_if_empty("repos", ["provider", "gitid"])
    steps.allow_null_if_empty("branches", ["name", "repoid"])
    steps.allow_null_if_empty("commits", ["hash", "repoid"])
    steps.allow_null_if_empty("workflows", ["provider", "gitid"])
    steps.allow_null_if_empty("workflowruns", ["provider", "gitid"])
