"""Each statement of the cookbook gives the result on its page, on every engine."""

from demo import cookbook
from sqlauthenticator import connector


def test_every_question_has_the_result_on_the_page(database_url: str):
    cookbook.fill(database_url)
    recipes = list(cookbook.recipes())
    assert len(recipes) == 25
    with connector(url=database_url) as connection:
        for title, statement, result in recipes:
            assert cookbook.show(connection, statement) == result, title
