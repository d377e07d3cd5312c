"""Packages that come from the red default branches of a store, and who needs them."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select

from engines.transaction import transact
from schema.tables import ci
from schema.tables import packages as tables
from store.history.red_now import list_red
from store.packages.after_load import follow_load
from store.packages.name_links import link_names
from tests.store.packages.shop import Shop
from tests.store.packages.test_package_repositories import tell

FLASK = "upstream/github.com/pallets/flask"


def fill(engine: Engine, now: datetime) -> None:
    """Have two packages of each red repository, 40 that need them, and one of a red upstream."""
    with engine.begin() as connection:
        npm, pypi = Shop(connection, "npm"), Shop(connection, "pypi")
        red = {each.repoid: each.repository for each in list_red(connection)}
        urls = dict(connection.execute(select(ci.repos.c.Id, ci.repos.c.url)).all())
        names = list[str]()
        for repoid, repository in sorted(red.items()):
            for part in ("core", "cli"):
                names.append(f"@{repository}-{part}")
                number = npm.package(names[-1], "2.0.0", mine=part == "core")
                url = f"{urls[repoid]}/tree/HEAD/packages/{part}"
                tell(connection, number, "repository", url)
                if part == "cli":
                    tell(connection, number, "homepage", f"{urls[repoid]}#readme")
                for k in range(6):
                    published = now - timedelta(days=9 * k + 10 * (part == "core"))
                    own = {"published_at": published, "releasedred": part == "core"}
                    npm.version(number, f"1.{9 - k}.0", **own)
        for k in range(40 if names else 0):
            user = npm.package(f"user-{k}")
            npm.needs(user, [names[k % len(names)], *([f"user-{k - 1}"] if k else [])])
        flask = pypi.package("Flask", "3.0.0", import_id="flask", mine=True)
        tell(connection, flask, "source", "https://github.com/pallets/flask/")
        point = {"feed": "upstream", "series": FLASK, "value": 1.0}
        connection.execute(
            insert(tables.points), [{**point, "time": now - timedelta(days=2, hours=3)}]
        )
    for name in ("npm", "pypi"):
        link_names(engine, name, transact)
        follow_load(engine, name, transact)
