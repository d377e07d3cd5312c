"""Each statement of the cookbook gives the result on its page, on every engine; each of the lake's
questions does in a lake of an SQLite store."""

from pathlib import Path
from typing import Any

from demo import cookbook
from schema.tables import views
from sqlauthenticator import connector


def test_every_question_has_the_result_on_the_page(database_url: str):
    cookbook.fill(database_url)
    recipes = list(cookbook.recipes())
    assert len(recipes) == 25
    with connector(url=database_url) as connection:
        for title, statement, result in recipes:
            assert cookbook.show(connection, statement) == result, title


def test_every_question_to_the_lake_has_the_answer_on_the_page(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/store.db"
    cookbook.fill(url)
    recipes = list(cookbook.recipes(cookbook.PAGE_OF_LAKE))
    assert len(recipes) == 15
    with cookbook.make_lake(url, tmp_path) as lake:
        for title, statement, result in recipes:
            assert cookbook.show(lake, statement) == result, title
        with connector(url=url) as store:
            for name in views.NAMES:
                assert rows_of(lake, name) == rows_of(store, name), name


def rows_of(connection: Any, view: str) -> list[str]:
    """Return a view's rows as the pages show them."""
    return sorted(cookbook.show(connection, f"SELECT * FROM {view}").splitlines())  # noqa: S608
