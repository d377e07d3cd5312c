"""URLs that lead to one database are told from those that lead to two."""

import pytest
from sqlalchemy import make_url

from engines.reaching.same_store import place_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mysql+pymysql://a:b@db.example:3306/runs", "mysql+pymysql://c@DB.example/runs?x=y"),
        ("mysql+pymysql://a@localhost/runs", "mariadb+pymysql://a@127.0.0.1:3306/runs"),
        ("postgresql://a@db/runs", "postgresql+psycopg://b@db:5432/runs"),
        ("sqlite:////var/lib/runs.db", "sqlite:////var/lib/../lib/runs.db"),
    ],
)
def test_urls_of_one_database_name_one_place(one: str, other: str):
    assert place_of(make_url(one)) == place_of(make_url(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mysql+pymysql://a@db/runs", "mysql+pymysql://a@db/tests"),
        ("mysql+pymysql://a@db/runs", "mysql+pymysql://a@db2/runs"),
        ("mysql+pymysql://a@db/runs", "mysql+pymysql://a@db:3307/runs"),
        ("postgresql://a@/runs?host=one", "postgresql://a@/runs?host=two"),
        ("sqlite:///data/runs.db", "sqlite:////data/runs.db"),
        ("sqlite:////data/runs.db", "mysql+pymysql://a@localhost/runs"),
    ],
)
def test_urls_of_two_databases_name_two_places(one: str, other: str):
    assert place_of(make_url(one)) != place_of(make_url(other))
