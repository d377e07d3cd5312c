"""Who may change the schema logs in as its own URL says."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import read
from store.open import CannotStart, migrating

WRITER = "mysql+pymysql://writer@127.0.0.1/runs"


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ({}, "the writer's"),
        ({"DATABASE_MIGRATE_URL": "mysql+pymysql://owner@127.0.0.1/runs"}, "the writer's"),
        ({"DATABASE_MIGRATE_URL": "mysql+pymysql://owner:own@127.0.0.1/runs"}, "own"),
    ],
)
def test_password_of_the_migrations_is_its_urls_where_it_has_one(
    url: dict[str, str], password: str, tmp_path: Path
):
    environ = {"DATABASE_URL": WRITER, "DATABASE_PASSWORD": "the writer's", **url}
    engine = migrating(read({}, environ, tmp_path), 3)
    assert engine.url.password == password


def test_roots_that_cannot_be_read_are_one_line(tmp_path: Path):
    (tmp_path / "roots.pem").write_text("no certificate")
    environ = {
        "DATABASE_URL": "mysql+pymysql://writer@db.example.org/runs",
        "DATABASE_SSL_CA": str(tmp_path / "roots.pem"),
    }
    with pytest.raises(CannotStart, match="DATABASE_MIGRATE_URL: "):
        migrating(read({}, environ, tmp_path), 3)
