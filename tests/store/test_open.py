"""One opening for all: each role logs in as its URL says, and nobody connects past it."""

import ast
from pathlib import Path

import pytest

from config.settings import read
from store.open import MIGRATE, CannotStart, open_engine
from tests.own_code import parse, room_files

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
    engine = open_engine(read({}, environ, tmp_path), MIGRATE)
    assert engine.url.password == password


def test_roots_that_cannot_be_read_are_one_line(tmp_path: Path):
    (tmp_path / "roots.pem").write_text("no certificate")
    environ = {
        "DATABASE_URL": "mysql+pymysql://writer@db.example.org/runs",
        "DATABASE_SSL_CA": str(tmp_path / "roots.pem"),
    }
    with pytest.raises(CannotStart, match="DATABASE_SSL_CA: "):
        open_engine(read({}, environ, tmp_path), MIGRATE)


def imports_connect(node: ast.AST) -> bool:
    """Tell whether a statement takes the engines' `connect` into its file, or the whole module."""
    if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != "engines":
        return False
    return bool({name.name for name in node.names} & {"connect", "sqlite", "mysql", "mariadb"})


def test_engines_are_connected_in_one_file():
    connecting = {
        str(file)
        for file in room_files()
        if file.parts[0] != "engines" and any(map(imports_connect, ast.walk(parse(file))))
    }
    assert connecting == {"store/open.py"}
