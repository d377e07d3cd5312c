"""A migrated schema is the one the tables describe, however it came about."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.pool import NullPool

from engines import kind_of
from rows.branch_moves import Move
from rows.version import timed
from schema import migrate
from schema.tables import views
from schema.tables.branch_moves import branchmoves
from schema.tables.ci import branches, metadata, repos
from tests import databases
from tests.counts import count
from tests.schema.reflected import described

ROOT = Path(__file__).resolve().parents[2]
Fresh = Callable[[], Engine]


@pytest.fixture
def fresh(engine_name: str, tmp_path: Path) -> Iterator[Fresh]:
    """Give empty databases of one engine, one with each call."""
    opened = []

    def make() -> Engine:
        context = databases.fresh(engine_name, tmp_path)
        engine = create_engine(context.__enter__(), poolclass=NullPool)
        opened.append((context, engine))
        return engine

    yield make
    for context, engine in opened:
        engine.dispose()
        context.__exit__(None, None, None)


@pytest.fixture
def wanted(fresh: Fresh) -> dict[str, list[str]]:
    """Give the schema as the tables describe it."""
    engine = fresh()
    with engine.begin() as connection:
        for statement in kind_of(connection).extensions:
            connection.exec_driver_sql(statement)
    metadata.create_all(engine)
    with engine.begin() as connection:
        views.create(connection)
    return described(engine)


def test_migrated_schema_is_the_described_one(fresh: Fresh, wanted: dict[str, list[str]]):
    engine = fresh()
    migrate.upgrade(engine)
    found = described(engine)
    assert sorted(found) == sorted([*metadata.tables, *views.NAMES])
    assert found == wanted


def test_upgrade_of_a_current_schema_changes_nothing(fresh: Fresh, wanted: dict[str, list[str]]):
    engine = fresh()
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(insert(repos), {"provider": "github", "gitid": 1, "name": "a/b"})
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalars(select(repos.c.name)).all() == ["a/b"]
    assert described(engine) == wanted


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_revisions_are_those_that_alembic_walks_the_newest_first(engine_name: str):
    walked = ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions()
    assert migrate.known_revisions() == tuple(each.revision for each in walked)


def test_upgrade_takes_a_url(fresh: Fresh, wanted: dict[str, list[str]]):
    engine = fresh()
    migrate.upgrade(engine.url.render_as_string(hide_password=False))
    assert described(engine) == wanted


UPGRADE = """
import sys, time
from schema import migrate
time.sleep(max(0.0, float(sys.argv[2]) - time.time()))
migrate.upgrade(sys.argv[1])
"""


@pytest.mark.parametrize("turn", range(count(1, 20)))
def test_processes_that_upgrade_one_empty_database_at_once_all_succeed(
    fresh: Fresh, wanted: dict[str, list[str]], turn: int
):
    engine = fresh()
    url = engine.url.render_as_string(hide_password=False)
    same_moment = str(time.time() + 2.5)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, url, same_moment],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    assert described(engine) == wanted
    assert migrate.state(engine) == "current"
    with engine.connect() as connection:
        assert len(connection.execute(text("SELECT * FROM alembic_version")).all()) == 1


class Killed(Exception):
    """Stands for a kill: the process does nothing more."""


def upgrade_until(engine: Engine, statement: int) -> int:
    """Upgrade, but be killed before that DDL statement; return how many there were before."""
    made = 0

    def kill(_c: object, _cursor: object, sql: str, *_: object) -> None:
        nonlocal made
        if sql.lstrip().upper().startswith(("CREATE", "DROP", "ALTER")):
            if made == statement:
                raise Killed
            made += 1

    event.listen(engine, "before_cursor_execute", kill)
    try:
        migrate.upgrade(engine)
    except Killed:
        pass
    finally:
        event.remove(engine, "before_cursor_execute", kill)
    return made


def test_upgrade_that_was_killed_anywhere_is_continued(fresh: Fresh, wanted: dict[str, list[str]]):
    steps = upgrade_until(fresh(), -1)
    assert steps > len(metadata.tables)
    for statement in range(0, steps, count(29, 1)):
        engine = fresh()
        assert upgrade_until(engine, statement) == statement
        migrate.upgrade(engine)
        assert described(engine) == wanted, f"killed before statement {statement}"


def test_state_of_an_empty_database_is_empty(fresh: Fresh):
    assert migrate.state(fresh()) == "empty"


def test_state_of_a_database_that_holds_other_tables_only_is_empty(fresh: Fresh):
    engine = fresh()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE guests (a INTEGER)"))
    assert migrate.state(engine) == "empty"


def test_state_after_an_upgrade_is_current(fresh: Fresh):
    engine = fresh()
    migrate.upgrade(engine)
    assert migrate.state(engine) == "current"


def test_state_of_tables_from_before_migrations_is_older(fresh: Fresh):
    engine = fresh()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE repos (Id INTEGER PRIMARY KEY, name VARCHAR(255))"))
    assert migrate.state(engine) == "older"


def test_state_at_an_earlier_revision_is_older(fresh: Fresh):
    engine = fresh()
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert migrate.state(engine) == "older"


def test_state_at_an_unknown_revision_is_newer(fresh: Fresh):
    engine = fresh()
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrate.state(engine) == "newer"


def test_every_index_is_created(fresh: Fresh):
    engine = fresh()
    migrate.upgrade(engine)
    for table in metadata.tables.values():
        found = {
            index["name"]: tuple(index["column_names"])
            for index in inspect(engine).get_indexes(table.name)
            if not index["unique"]
        }
        assert found == {
            index.name: tuple(column.name for column in index.columns) for index in table.indexes
        }


def test_upgrade_notes_where_branches_point_today(fresh: Fresh):
    engine = fresh()
    migrate.upgrade(engine)
    noon = datetime(2026, 3, 2, 12)
    rows = [
        {"repoid": 1, "name": name, "headhash": head, "version": version}
        for name, head, version in [
            ("main", "a" * 40, timed("branches", noon, 0, ())),
            ("gone", None, timed("branches", noon, 1, ())),
            ("stub", None, b""),
            ("undated", "b" * 40, timed("branches", None, 0, ())),
        ]
    ]
    with engine.begin() as connection:
        connection.execute(insert(branches), rows)
        connection.execute(text("DROP TABLE branchmoves"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))
    migrate.upgrade(engine)
    query = select(*(branchmoves.c[name] for name in ("name", *Move._fields)))
    with engine.connect() as connection:
        found = sorted(map(tuple, connection.execute(query)))
    assert found == [("gone", noon, "*", ""), ("main", noon, "*", "a" * 40)]
