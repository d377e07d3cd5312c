"""Views over the tables. They hold no data, so every upgrade makes them anew."""

from __future__ import annotations

from sqlalchemy import Connection, text

STEPS_COLUMNS = "provider, jobgitid, number, name, status, conclusion, starttime, endtime"

STEPS_SQLITE = """
CREATE VIEW steps AS
SELECT jobs.provider, jobs.gitid AS jobgitid,
    json_extract(step.value, '$.number') AS number,
    json_extract(step.value, '$.name') AS name,
    json_extract(step.value, '$.status') AS status,
    json_extract(step.value, '$.conclusion') AS conclusion,
    json_extract(step.value, '$.starttime') AS starttime,
    json_extract(step.value, '$.endtime') AS endtime
FROM jobs, json_each(jobs.steps) AS step
"""

STEPS_MYSQL = """
CREATE OR REPLACE SQL SECURITY INVOKER VIEW steps AS
SELECT jobs.provider, jobs.gitid AS jobgitid, step.number, step.name, step.status,
    step.conclusion, step.starttime, step.endtime
FROM jobs, JSON_TABLE(jobs.steps, '$[*]' COLUMNS (
    number INT PATH '$.number',
    name LONGTEXT PATH '$.name',
    status VARCHAR(64) PATH '$.status',
    conclusion VARCHAR(64) PATH '$.conclusion',
    starttime DATETIME(6) PATH '$.starttime',
    endtime DATETIME(6) PATH '$.endtime'
)) AS step
"""


def create(connection: Connection) -> None:
    """Make the views, replacing older ones."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP VIEW IF EXISTS steps"))
        connection.execute(text(STEPS_SQLITE))
        return
    connection.execute(text(STEPS_MYSQL))
