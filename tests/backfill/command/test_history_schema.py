"""The schema is created where there is none, and upgraded as its engine needs."""

import secrets
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command as alembic
from alembic.config import Config

from engines import connect
from schema import migrate
from schema.tables.ci import workflowruns
from tests import databases
from tests.backfill.conftest import Command
from tests.backfill.filling import served
from tests.fakegithub.samples import small_world
from tests.schema.adopt import legacy


def first_release(url: str) -> None:
    """Bring an empty database to where the first release left it."""
    engine = connect(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        alembic.upgrade(config, "0001")
        connection.commit()
    engine.dispose()


def runs(url: str) -> int:
    engine = connect(url)
    try:
        with engine.connect() as connection:
            counted = sa.select(sa.func.count()).select_from(workflowruns)
            return int(connection.execute(counted).scalar_one())
    finally:
        engine.dispose()


def state(url: str) -> str:
    engine = connect(url)
    try:
        return migrate.state(engine)
    finally:
        engine.dispose()


@pytest.mark.parametrize("words", [(), ("-i",)], ids=["without", "with-i"])
def test_empty_database_is_created_and_seeded_with_and_without_i(
    bare, database_url: str, command: Command, words: tuple[str, ...]
):
    with served(small_world(runs=2), database_url):
        done = command("-r", "octo-org/app", *words)
    assert done.code == 0
    assert done.err.startswith("the schema was created\n")
    assert (state(database_url), runs(database_url)) == ("current", 2)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_older_sqlite_file_is_upgraded_after_a_copy(bare, database_url: str, command: Command):
    first_release(database_url)
    file = Path(database_url.removeprefix("sqlite:///"))
    with served(small_world(runs=2), database_url):
        done = command("-r", "octo-org/app")
    assert done.code == 0
    (copy,) = file.parent.glob(f"{file.name}.before-*")
    assert done.err.startswith(f"the schema was upgraded; a copy of what was there is {copy}\n")
    assert (state(database_url), runs(database_url)) == ("current", 2)
    assert state(f"sqlite:///{copy}") == "older"


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_older_schema_of_a_server_is_upgraded_by_i_only(bare, database_url, command: Command):
    first_release(database_url)
    with served(small_world(runs=2), database_url):
        done = command("-r", "octo-org/app")
        assert (done.code, state(database_url)) == (2, "older")
        assert done.err == (
            "local-database.py: the database has an older schema: run the same command with -i"
            " once\n"
        )
        done = command("-r", "octo-org/app", "-i")
        assert done.code == 0
    assert (state(database_url), runs(database_url)) == ("current", 2)


@pytest.mark.parametrize("engine_name", databases.EARLIER, indirect=True)
def test_dry_run_of_i_prints_ddl_and_rows_and_changes_nothing(
    bare, database_url: str, command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")  # asked, it would be an error
    engine = connect(database_url)
    legacy.create(engine)
    legacy.insert(engine, {"repos": [{"name": "org/one"}, {"name": "org/two"}]})
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE guests (a INTEGER)"))
    before = sa.inspect(engine).get_columns("repos")
    done = command("-i", "--dry-run", "-r", "org/one")
    assert (done.code, done.err) == (0, "")
    assert "repos: 2 rows\n" in done.out
    assert "guests: 0 rows, left as they are\n" in done.out
    assert "CREATE TABLE jobs" in done.out
    assert "ALTER TABLE" in done.out
    after = sa.inspect(engine).get_columns("repos")
    assert [str(one["type"]) for one in after] == [str(one["type"]) for one in before]
    assert sa.inspect(engine).has_table("jobs") is False
    done = command("-i")
    assert (done.code, state(database_url)) == (0, "current")
    done = command("-i", "--dry-run")
    assert (done.code, done.out.splitlines()[0]) == (0, "0 statements; every row is kept:")
    engine.dispose()


def test_newer_schema_is_left_alone(bare, database_url: str, command: Command):
    migrate.upgrade(database_url)
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with served(small_world(runs=2), database_url):
        done = command("-r", "octo-org/app", "-i")
    assert (done.code, runs(database_url)) == (2, 0)
    assert "upgraded by a newer release" in done.err


def test_i_alone_creates_the_schema_and_then_finds_it_up_to_date(command: Command, bare: Path):
    done = command("-i")
    assert (done.code, done.out, done.err) == (0, "the schema was created\n", "")
    assert (bare / "data/shark_dashboard.db").exists()
    assert command("-i").out == "the schema is up to date\n"
    assert command().err == (
        "local-database.py: -r: name a repository: -r org/repo (none is stored yet)\n"
    )


@pytest.mark.parametrize("engine_name", ["sqlite", "mysql"], indirect=True)
def test_i_makes_a_view_that_a_killed_upgrade_left_out(
    bare, database_url: str, command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    migrate.upgrade(database_url)
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP VIEW main_red"))
    assert command("-i").out == "the schema is up to date\n"
    assert "main_red" in sa.inspect(engine).get_view_names()
    engine.dispose()


@pytest.mark.parametrize("engine_name", ["mysql", "postgresql"], indirect=True)
def test_i_by_an_account_that_may_not_change_the_schema_says_that_its_views_are_left(
    bare, engine_name: str, database_url: str, command: Command, monkeypatch: pytest.MonkeyPatch
):
    migrate.upgrade(database_url)
    is_mysql = engine_name == "mysql"
    name = f"writer_{secrets.token_hex(4)}"
    who = f"{name}@'127.0.0.1'" if is_mysql else name
    engine = connect(database_url)
    scope = "*" if is_mysql else "ALL TABLES IN SCHEMA public"
    with engine.begin() as connection:
        for statement in (f"CREATE USER {who}", f"GRANT SELECT, INSERT ON {scope} TO {who}"):
            connection.exec_driver_sql(statement)
    url = engine.url.set(username=name).render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    try:
        done = command("-i")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("the schema is up to date; its views are left as they are: ")
        assert "denied" in done.out or "must be owner" in done.out
    finally:
        with engine.begin() as connection:
            for statement in (*([] if is_mysql else [f"DROP OWNED BY {who}"]), f"DROP USER {who}"):
                connection.exec_driver_sql(statement)
        engine.dispose()


def test_database_that_an_upgrade_did_not_reach_is_told(
    command: Command, bare: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_MIGRATE_URL", f"sqlite:///{bare / 'other.db'}")
    done = command("-i")
    assert (done.code, done.out) == (2, "")
    assert "DATABASE_MIGRATE_URL names another database than DATABASE_URL" in done.err
