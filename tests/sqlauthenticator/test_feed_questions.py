"""The statements of docs/feeds.md, as they stand there, through the connector on every engine."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engines import connect
from schema.tables import packages as tables
from schema.tables.ci import workflows
from sqlauthenticator import connector
from store.feeds import daily
from tests.dashboard import stored
from tests.dashboard.conftest import NOW
from tests.dashboard.supply import stakes

PAGE = Path(__file__).resolve().parents[2] / "docs" / "feeds.md"
STATEMENT = re.compile(r"```sql\n(.*?)```", re.S)


def test_statements_of_the_page_give_what_they_promise(store_url: str):
    engine = connect(store_url)
    app = stored.repo(engine, "octo-org/app")
    stored.put(engine, workflows, provider="github", repoid=app, gitid=1)
    more = {"workflowgitid": 1, "event": "push", "conclusion": "failure"}
    stored.run(engine, app, NOW - timedelta(days=2), **more)
    stakes.fill(engine, NOW)
    daily.follow_day(engine)
    with engine.begin() as connection:
        connection.execute(sa.update(tables.versions).values(downloads=0))
        downloads = sa.update(tables.versions).where(tables.versions.c.version == "1.9.0")
        connection.execute(downloads.values(downloads=5))
    engine.dispose()
    with connector(url=store_url) as connection:
        results = [
            [tuple(row) for row in connection.execute(statement).fetchall()]
            for statement in STATEMENT.findall(PAGE.read_text("utf-8"))
        ]
        assert connection.execute("SELECT count(id) FROM packages;").fetchall() == [(43,)]
        assert connection.execute("SELECT * FROM load_history;").fetchall() == []
        if not store_url.startswith("sqlite"):
            left = "SELECT DISTINCT left(name, 4) FROM packages WHERE name LIKE 'user%'"
            assert connection.execute(left).fetchall() == [("user",)]
    check(results)


def check(results: list[list[tuple[Any, ...]]]) -> None:
    """Compare what the statements gave, one after the other."""
    zlib, red, mine, needed, released, newest, popular, publications = results
    assert (zlib, publications) == ([], [])
    core, cli = "@octo-org/app-core", "@octo-org/app-cli"
    assert [row[3:7] for row in red] == [
        ("npm", cli, "fields", 20),
        ("npm", core, "claim", 20),
    ]
    assert [row[1:4] for row in mine] == [
        ("Flask", "github.com", "pallets/flask"),
        (core, "github.com", "octo-org/app"),
    ]
    assert needed == [("npm", 40)]
    assert {row[1] for row in released} == {core}
    assert [(row[1], row[3]) for row in newest] == [(core, 6)]
    assert sorted((name, int(total)) for name, total in popular if total) == [(cli, 5), (core, 5)]
