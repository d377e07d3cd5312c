"""Workflows that a ruleset requires, stored by an earlier release as of where they ran first."""

from sqlalchemy import Engine, insert, select, text

from schema import migrate
from schema.tables.ci import repos, workflows

APP = "https://github.com/octo-org/app"
STORED = {
    # The page of each, and whether it stays a workflow of the repository.
    1: (f"{APP}/blob/main/.github/workflows/ci.yml", True),
    2: ("https://github.com/Octo-Org/App/blob/main/.github/workflows/nightly.yml", True),
    3: ("https://github.com/octo-org/rules/blob/main/.github/workflows/rules.yml", False),
    4: (None, True),
}


def test_upgrade_lets_go_of_workflows_whose_page_is_another_repositorys(engine: Engine):
    migrate.upgrade(engine)
    with engine.begin() as connection:
        named = {"provider": "github", "name": "octo-org/app"}
        connection.execute(insert(repos), [{**named, "Id": 1, "gitid": 7, "url": APP}])
        connection.execute(insert(repos), [{**named, "Id": 2, "gitid": 8, "url": None}])
        rows = [
            {"gitid": gitid + 10 * repoid, "url": url, "repoid": repoid}
            for repoid in (1, 2)
            for gitid, (url, _) in STORED.items()
        ]
        same = {"provider": "github", "repo": "octo-org/app", "version": b""}
        connection.execute(insert(workflows), [{**same, **row} for row in rows])
        connection.execute(text("UPDATE alembic_version SET version_num = '0091'"))
    migrate.upgrade(engine)
    with engine.connect() as connection:
        query = select(workflows.c.gitid, workflows.c.repoid, workflows.c.repo)
        found = {gitid: (repoid, repo) for gitid, repoid, repo in connection.execute(query)}
    assert found == {
        **{
            10 + gitid: (1, "octo-org/app") if is_own else (None, None)
            for gitid, (_, is_own) in STORED.items()
        },
        **{20 + gitid: (2, "octo-org/app") for gitid in STORED},
    }
