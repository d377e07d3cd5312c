"""`/packages`: red default branches, their packages, who needs these, and our red dependencies."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from schema.tables import packages as tables
from schema.tables.ci import workflows
from store.history import packages_at_stake
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.supply import stakes
from tests.store.packages.shop import Shop

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def red(engine: Engine) -> int:
    """Have a repository that is red for two days, and a good one; return the red one's number."""
    app, site = stored.repo(engine, "octo-org/app"), stored.repo(engine, "octo-org/site")
    for repoid, conclusion in ((app, "failure"), (site, "success")):
        stored.put(engine, workflows, provider="github", repoid=repoid, gitid=repoid)
        more = {"workflowgitid": repoid, "event": "push", "conclusion": conclusion}
        stored.run(engine, repoid, NOW - timedelta(days=2), **more)
    for day in (1, 5, 50):
        stored.commit(engine, app, f"{day:040}", NOW - timedelta(days=day))
    return app


def test_red_branches_stand_with_their_packages_and_who_needs_them(
    engine: Engine, client: FlaskClient, red: int
):
    stakes.fill(engine, NOW)
    page = text_of(client, "/packages")
    assert "octo-org/app</a> <small>red for 2 d 0 h" in page
    assert 'octo-org/site"' not in page
    assert page.count("released red") == 1
    assert page.count("overdue") == 1
    told = client.get("/packages.json").get_json()
    (app,) = told["red"]
    assert (app["repository"], app["workflows"]) == ("octo-org/app", ["Nightly"])
    cli, core = app["packages"]
    assert (core["package"], core["directory"], core["proof"]) == (
        *("@octo-org/app-core", "packages/core", "claim"),
    )
    assert (core["direct"], core["all"], core["commits"], core["gap"]) == (20, 40, 2, 9.0)
    assert (cli["direct"], cli["all"], cli["commits"], cli["proof"]) == (20, 39, 0, "fields")
    mine = [(each["name"], each["repository"], each["repoid"]) for each in told["mine"]]
    assert mine == [
        ("Flask", "pallets/flask", None),
        ("@octo-org/app-core", "octo-org/app", red),
    ]
    sheet = text_of(client, "/packages.csv").splitlines()
    assert (len(sheet), sheet[0].split(",")[0]) == (3, "repository")
    known = "this page has manager, q, sort."
    for path in ("/packages", "/packages.csv", "/packages.json"):
        assert known in text_of(client, f"{path}?colour=red", 400)


def test_newest_version_is_a_release_where_there_is_one(
    engine: Engine, client: FlaskClient, red: int
):
    stakes.fill(engine, NOW)
    with engine.begin() as connection:
        p = tables.packages.c
        numbers = dict(connection.execute(select(p.name, p.Id)).all())
        npm = Shop(connection, "npm")
        core = numbers["@octo-org/app-core"]
        for hours in (1, 2, 3):
            own = {"published_at": NOW - timedelta(hours=hours)}
            npm.version(core, f"2.0.0-canary.{hours}", **own)
        early = {name: npm.package(name) for name in ("rc", "only")}
        for name, versions in {"rc": ("1.0.0", "2.0.0-rc.1"), "only": ("0.1.0-alpha.1",)}.items():
            for place, version in enumerate(versions):
                own = {"published_at": NOW - timedelta(days=9 - place)}
                npm.version(early[name], version, **own)
    (app,) = client.get("/packages.json").get_json()["red"]
    assert [(one["version"], one["gap"]) for one in app["packages"]] == [("1.9.0", 9.0)] * 2
    with engine.connect() as connection:
        told = packages_at_stake.read_releases(connection, early.values())
    assert [told[early[name]].version for name in ("rc", "only")] == ["1.0.0", "0.1.0-alpha.1"]


def test_packages_at_stake_are_searched_ordered_and_counted(
    engine: Engine, client: FlaskClient, red: int
):
    web = stored.repo(engine, "tools/web")
    stored.put(engine, workflows, provider="github", repoid=web, gitid=web)
    more = {"workflowgitid": web, "event": "push", "conclusion": "failure"}
    stored.run(engine, web, NOW - timedelta(days=9), **more)
    stakes.fill(engine, NOW)

    def listed(query: str) -> list[str]:
        """Return repositories with how many of their packages are listed."""
        told = client.get(f"/packages.json?{query}").get_json()
        return [f"{one['repository']} {len(one['packages'])}" for one in told["red"]]

    assert listed("") == ["tools/web 2", "octo-org/app 2"]
    assert listed("sort=name") == ["octo-org/app 2", "tools/web 2"]
    assert listed("sort=commits") == ["octo-org/app 2", "tools/web 2"]
    assert listed("q=WEB") == ["tools/web 2"]
    assert listed("q=-core&manager=NPM") == ["tools/web 1", "octo-org/app 1"]
    assert listed("manager=pypi") == []
    assert "1 red repository, 1 package." in text_of(client, "/packages?q=web-cli")
    page = text_of(client, "/packages?q=nothing")
    assert "No package of a red default branch fits" in page
    assert text_of(client, "/packages?q=flask").count(">pallets/flask<") == 1
    assert len(text_of(client, "/packages.csv?q=app-cli").splitlines()) == 2
    assert "Order (sort) is one of longest, direct" in text_of(client, "/packages?sort=x", 400)


def test_page_says_what_fills_it_and_that_nothing_is_red(
    engine: Engine, client: FlaskClient, make_client
):
    page = text_of(client, "/packages")
    assert "No package is known yet" in page
    assert "python3 run_feeds.py sbom" in page
    stakes.fill(engine, NOW)
    page = text_of(client, "/packages")
    assert "No package comes from a red default branch" in page
    assert "pallets/flask" in page


def test_what_is_not_known_is_left_out(
    engine: Engine, client: FlaskClient, red: int, monkeypatch: pytest.MonkeyPatch
):
    stakes.fill(engine, NOW)
    monkeypatch.setattr(packages_at_stake, "WALK_SECONDS", -1.0)
    (app,) = client.get("/packages.json").get_json()["red"]
    assert [each["all"] for each in app["packages"]] == [None, None]
    days = [datetime(2026, 1, day) for day in (20, 19, 10, 1)]
    assert packages_at_stake.gap_of(days) == 9
    assert packages_at_stake.gap_of(days[:1]) is None


def test_longest_red_repository_of_many_is_listed_and_what_is_red_asked_once(
    engine: Engine, client: FlaskClient, red: int
):
    stakes.fill(engine, NOW)
    repoid = stored.repo(engine, "octo-org/many")
    for number in range(250):
        gitid = 900 + number
        stored.put(engine, workflows, provider="github", repoid=repoid, gitid=gitid)
        more = {"workflowgitid": gitid, "event": "push", "conclusion": "failure"}
        stored.run(engine, repoid, NOW - timedelta(hours=2), **more)
    asked = list[str]()

    def note(*told: Any) -> None:
        asked.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        told = client.get("/packages.json").get_json()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    names = [(one["repository"], len(one["workflows"])) for one in told["red"]]
    assert names == [("octo-org/app", 1)]
    assert sum("FROM main_red" in statement for statement in asked) == 1
