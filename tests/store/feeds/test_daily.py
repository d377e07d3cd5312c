"""What follows once a day."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from engines.transaction import transact
from schema.tables import packages as tables
from schema.tables.reconciler import marks
from store.feeds.daily import follow_day
from store.packages.after_load import follow_load
from store.packages.name_links import link_names
from tests.store.packages.shop import Shop, by_name

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_scores_and_red_releases_follow_once_a_day_whatever_was_loaded(engine: Engine):
    with engine.begin() as connection:
        npm = Shop(connection, "npm")
        app, _ = npm.package("app"), npm.package("lib")
        npm.needs(app, ["lib"])
    link_names(engine, "npm", transact)
    follow_load(engine, "npm", transact)
    assert by_name(engine, "score") == {"app": None, "lib": None}
    follow_day(engine)
    assert by_name(engine, "score") == {
        "app": pytest.approx(1 / 2.85),
        "lib": pytest.approx(1.85 / 2.85),
    }
    with engine.begin() as connection:
        connection.execute(update(tables.packages).values(score=0.5))
    follow_day(engine)
    assert by_name(engine, "score") == {"app": 0.5, "lib": 0.5}
    with engine.begin() as connection:
        yesterday = datetime.now() - timedelta(days=1, hours=13)
        connection.execute(update(marks).where(marks.c.subject == "npm").values(time=yesterday))
    follow_day(engine)
    assert by_name(engine, "score")["app"] == pytest.approx(1 / 2.85)


def test_registry_that_is_loaded_for_the_first_time_is_scored_the_same_day(engine: Engine):
    with engine.begin() as connection:
        Shop(connection, "npm")
    follow_day(engine)
    with engine.begin() as connection:
        Shop(connection, "npm").package("app")
    follow_day(engine)
    assert by_name(engine, "score") == {"app": 1.0}
