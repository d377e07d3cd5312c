"""A database in the documented schema gets the described one, in place, with all its rows."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from engines import connect
from schema import migrate
from schema.adopt.rows import resolved
from schema.adopt.shape import Unadoptable
from schema.tables.ci import metadata
from tests.schema.adopt import legacy
from tests.schema.small import filled, rows

ROOT = Path(__file__).resolve().parents[3]


def described(engine: Engine) -> dict[str, list[tuple[str, str, bool]]]:
    """Return the described columns of each table as the database tells them."""
    inspector = sa.inspect(engine)
    return {
        name: [
            (one["name"], str(one["type"]).split(" COLLATE")[0], one["nullable"])
            for one in inspector.get_columns(name)
            if one["name"] in table.c
        ]
        for name, table in metadata.tables.items()
    }


@pytest.mark.parametrize("charset", ["latin1", "utf8mb3", "utf8mb4"])
def test_legacy_rows_keep_their_numbers_and_all_they_say(engine: Engine, charset: str):
    filled(engine, charset)
    before = {name: rows(engine, name) for name in legacy.NAMES}
    migrate.upgrade(engine)
    assert migrate.state(engine) == "current"
    for name in legacy.NAMES:
        after = rows(engine, name)
        assert [row["Id"] for row in after] == [row["Id"] for row in before[name]]
        for old, new in zip(before[name], after, strict=True):
            kept = {key: str(value).removesuffix(".000000") for key, value in new.items()}
            said = {key: str(value) for key, value in old.items() if key != "repo"}
            assert {key: kept[key] for key in said} == said
    assert rows(engine, "commits")[0]["authorurl"] == "https://example.org/jürgen"
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT a FROM guests")).scalar_one() == 42


def test_legacy_rows_learn_repository_and_server_as_far_as_they_tell_it(engine: Engine):
    filled(engine)
    migrate.upgrade(engine)
    told = {
        name: [(row["repoid"], row["repo"]) for row in rows(engine, name)]
        for name in ("branches", "commits", "workflows", "workflowruns")
    }
    assert told == {
        "branches": [(3, "app"), (7, "octo-org/tool"), (None, "nobody/knows")],
        "commits": [(3, "app")],
        "workflows": [(3, "app")],
        "workflowruns": [(3, "app"), (None, None), (3, "app")],
    }
    servers = [row["provider"] for row in rows(engine, "workflowruns")]
    assert servers == ["github", "github", "github:ghes.example.org"]
    assert [(row["provider"], row["gitid"]) for row in rows(engine, "repos")] == [(None, None)] * 2


def test_adopted_schema_is_the_described_one_but_for_columns_of_others(
    engine: Engine, stores: Any, engine_name: str
):
    filled(engine, "utf8mb3")
    migrate.upgrade(engine)
    fresh = connect(stores(engine_name))
    assert described(engine) == described(fresh)
    for name, table in metadata.tables.items():
        for inspector in (sa.inspect(engine), sa.inspect(fresh)):
            listed = {
                (one["name"], tuple(one["column_names"]))
                for one in inspector.get_indexes(name)
                if not one["unique"]
            }
            assert listed == {
                (index.name, tuple(column.name for column in index.columns))
                for index in table.indexes
            }
    fresh.dispose()


def test_adoption_again_changes_nothing(engine: Engine):
    filled(engine)
    migrate.upgrade(engine)
    lacking, _ = migrate.planned(engine)
    assert lacking == []


def test_queue_time_that_is_left_out_is_unknown_afterwards(engine: Engine):
    filled(engine)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO workflowruns (gitid) VALUES (99)"))
        query = sa.text("SELECT queuetime FROM workflowruns WHERE gitid = 99")
        assert connection.execute(query).scalar_one() is None


def test_branches_of_two_spellings_are_two_afterwards(engine: Engine):
    filled(engine)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        for name in ("main", "Main ", "Màin"):
            connection.execute(
                sa.text("INSERT INTO branches (repoid, name) VALUES (3, :name)"), {"name": name}
            )


def test_text_wider_than_ours_is_not_cut(engine: Engine):
    legacy.create(engine)
    legacy.insert(engine, {"commits": [{"Id": 1, "hash": "f" * 90}]})
    migrate.upgrade(engine)
    assert rows(engine, "commits")[0]["hash"] == "f" * 90


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_time_that_is_none_stops_the_adoption_before_anything_changes(engine: Engine):
    legacy.create(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO commits (hash, time) VALUES ('a', 'yesterday')"))
    with pytest.raises(Unadoptable, match=r"commits\.time holds 'yesterday'"):
        migrate.upgrade(engine)
    assert migrate.state(engine) == "older"
    assert set(rows(engine, "commits")[0]) == {"Id", "hash", "author", "message", "time", "repo"}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_times_of_sqlite_get_one_form(engine: Engine):
    legacy.create(engine)
    with engine.begin() as connection:
        for number, time_of_it in enumerate(
            ("2026-03-02T12:00:00Z", "2026-03-02 12:00:00", "2026-03-02 14:00:00.250+02:00")
        ):
            connection.execute(
                sa.text("INSERT INTO commits (hash, time) VALUES (:hash, :time)"),
                {"hash": str(number), "time": time_of_it},
            )
    migrate.upgrade(engine)
    with engine.connect() as connection:
        table = metadata.tables["commits"]
        found = connection.scalars(sa.select(table.c.time).order_by(table.c.Id)).all()
    noon = datetime(2026, 3, 2, 12)
    assert found == [noon, noon, datetime(2026, 3, 2, 12, 0, 0, 250_000)]


def test_names_stand_for_the_one_repository_that_bears_them():
    stored = [(1, "app"), (2, "octo-org/tool"), (3, "a/twin"), (4, "b/twin"), (5, "lib")]
    wanted = ["APP", "octo-org/app", "tool", "twin", "a/twin", "x/lib", "y/lib", "other"]
    assert resolved(stored, wanted) == {
        "APP": 1,
        "octo-org/app": 1,
        "tool": 2,
        "a/twin": 3,
    }
