"""A small database of an earlier installation, with what real ones have beside the schema."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from tests.schema.adopt import legacy

HASH = "c0ffee0000000000000000000000000000000001"
RUN = {
    "gitid": 28_150_463_320,
    "author": "octocat",
    "runtime": 12.5,
    "createtime": datetime(2026, 3, 2, 12, 0, 0),
    "starttime": datetime(2026, 3, 2, 12, 0, 5),
    "endtime": datetime(2026, 3, 2, 12, 0, 17),
    "queuetime": 5,
    "status": "completed",
    "conclusion": "success",
    "url": "https://github.com/octo-org/app/actions/runs/28150463320",
    "branchname": "Main",
    "commithash": HASH,
    "workflowname": "CI",
    "repo": "app",
    "os": "Linux",
}


def rows(engine: Engine, name: str) -> list[dict[str, Any]]:
    """Return all rows of a table, its unknown columns too, in the order of their numbers."""
    with engine.connect() as connection:
        everything = sa.select(sa.text("*")).select_from(sa.table(name)).order_by(sa.text("Id"))
        return [dict(row) for row in connection.execute(everything).mappings()]


def filled(engine: Engine, charset: str = "latin1") -> None:
    """Make a small legacy database with what real ones have beside the documented columns."""
    legacy.create(engine, charset, {"commits": "authorurl varchar(200)"})
    rows: legacy.Rows = {
        "repos": [{"Id": 3, "name": "app"}, {"Id": 7, "name": "octo-org/tool"}],
        "branches": [
            {"Id": 2, "name": "Main", "author": "Jürgen Müller", "repo": "octo-org/app"},
            {"Id": 5, "name": "x" * 50, "author": None, "repo": "tool"},
            {"Id": 6, "name": None, "author": None, "repo": "nobody/knows"},
        ],
        "commits": [
            {
                "Id": 4,
                "hash": HASH,
                "author": "Jürgen",
                "message": "Füg' den Parser hinzu: 100%",
                "time": datetime(2026, 3, 2, 11, 58, 30),
                "repo": "app",
                "authorurl": "https://example.org/jürgen",
            }
        ],
        "workflows": [
            {
                "Id": 1,
                "name": "CI",
                "url": "https://github.com/octo-org/app/blob/main/.github/workflows/ci.yml",
                "repo": "app",
            }
        ],
        "workflowruns": [
            {"Id": 9, **RUN},
            {"Id": 11, **RUN, "gitid": None, "repo": None, "url": None},
            {"Id": 12, **RUN, "gitid": 12, "url": "https://ghes.example.org/a/b/actions/runs/12"},
        ],
    }
    legacy.insert(engine, rows)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE guests (a INTEGER)"))
        connection.execute(sa.text("INSERT INTO guests VALUES (42)"))
