"""Count days, nights and flaky jobs ahead, so that no page counts the tables.

Marks of changed runs (store.write.changed_runs) go in, rows of rollups, rollnights and rollflakes
come out: `schedule` says when, `spans` which days and nights, `make` writes what differs.
"""
