"""Each engine's record, found by whatever is at hand; nobody else tells engines apart."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from config.settings import BadSetting, read
from engines import kind_of
from engines.kind import KINDS, MODULES, UnknownEngine
from tests.own_code import parse, room_files

# The shapes of tables that an engine's earlier installations have; Kind says which.
SHAPES = {Path("schema/adopt/shape_sqlite.py"), Path("schema/adopt/shape_mysql.py")}
NAMES = {"sqlite", "mysql", "mariadb", "postgresql"}


def test_engine_is_known_by_its_connection_its_engine_and_its_url(engine: Engine, engine_name: str):
    with engine.connect() as connection:
        assert kind_of(connection).name == engine_name
        assert kind_of(engine) is kind_of(connection)
    of_url = kind_of(engine.url)
    assert of_url is kind_of(engine.url.render_as_string())
    # Only the server itself tells that a `mysql` URL leads to MariaDB.
    assert of_url.name == ("mysql" if engine_name == "mariadb" else engine_name)


@pytest.mark.parametrize("url", ["mssql://u@h/x", "foo://u@h/x", "oracle+oracledb://u@h/x"])
def test_unknown_engine_is_an_error_and_never_another_one(url: str):
    with pytest.raises(UnknownEngine, match=r"is not supported: sqlite:///.* or mysql"):
        kind_of(url)


@pytest.mark.parametrize(
    "url", ["postgresql+pg8000://u:hunter22@h/x", "foo://u:hunter22@h/x", "mysql://u:hunter22@h/x"]
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_READ_URL", "DATABASE_MIGRATE_URL"])
def test_setting_of_an_unknown_engine_says_which_are_known(name: str, url: str, tmp_path: Path):
    with pytest.raises(BadSetting) as raised:
        read({}, {name: url}, tmp_path)
    scheme = make_url(url).drivername
    assert str(raised.value) == (
        f"{name}: {scheme} is not supported: "
        "sqlite:///data/name.db or mysql+pymysql://user@host:3306/name"
        " or postgresql+psycopg://user@host:5432/name"
    )


def test_every_record_is_kept_under_its_own_name():
    for name in MODULES:
        kind_of(f"{name}://")
    assert KINDS.keys() == MODULES.keys()
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert all(kind_of(f"{driver}://h/x") for kind in KINDS.values() for driver in kind.drivers)


def tells_engines_apart(node: ast.AST) -> bool:
    """Tell whether code asks for the name of an engine, or compares something with one."""
    if isinstance(node, ast.Attribute):
        of_dialect = isinstance(node.value, ast.Attribute) and node.value.attr == "dialect"
        return node.attr in ("get_backend_name", "is_mariadb") or (
            node.attr == "name" and of_dialect
        )
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return bool(NAMES & {side.value for side in sides if isinstance(side, ast.Constant)})
    return isinstance(node, ast.MatchValue) and getattr(node.value, "value", None) in NAMES


def test_nobody_outside_engines_tells_engines_apart():
    found = [
        f"{file}:{getattr(node, 'lineno', 0)}"
        for file in room_files()
        if file.parts[0] != "engines" and file not in SHAPES
        for node in ast.walk(parse(file))
        if tells_engines_apart(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'if connection.dialect.name == "sqlite": pass',
        "x = engine.dialect.name",
        "url.get_backend_name()",
        'backend != "mysql"',
        'getattr(connection.dialect, "x") or connection.dialect.is_mariadb',
    ],
)
def test_planted_comparison_is_found(source: str):
    assert any(map(tells_engines_apart, ast.walk(ast.parse(source))))
