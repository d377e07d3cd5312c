"""Count days and nights ahead, so that no page counts the tables.

Marks of changed runs (store.write.changed_runs) go in, rows of rollups, rollparts, rollflakedays
and rollnights come out: `schedule` says when, `spans` which days and nights, `make` writes what
differs.
"""
