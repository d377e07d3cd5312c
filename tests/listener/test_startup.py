"""What a start does with databases of every age, and with a spool that cannot be made."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.settings import Settings, read
from engines import connect
from engines.sqlite import copy_beside
from listener.startup import bring_up, check
from listener.worker import prepare
from schema import migrate
from schema.tables.ci import repos
from schema.upgrade_lock import upgrade_lock
from store.open import CannotStart
from tests.listener.process import Listener, request, running, running_on_gunicorn


def settings(url: str, folder: Path) -> Settings:
    return read({}, {"DATABASE_URL": url}, folder)


def old_table(url: str) -> None:
    """Make the documented table of a database from before migrations."""
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE repos (Id INTEGER PRIMARY KEY, name VARCHAR(50))"))
        connection.execute(sa.text("INSERT INTO repos VALUES (1, 'org/repo')"))
    engine.dispose()


def test_empty_database_gets_the_schema(database_url: str, tmp_path: Path):
    bring_up(settings(database_url, tmp_path))
    assert migrate.state(connect(database_url)) == "current"
    bring_up(settings(database_url, tmp_path))
    assert migrate.state(connect(database_url)) == "current"


# PostgreSQL makes the first tables and their version at once, or none of them.
@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb", "mysql"], indirect=True)
def test_schema_that_another_start_is_making_is_waited_for(database_url: str, tmp_path: Path):
    engine = connect(database_url, read_seconds=60)
    with ThreadPoolExecutor(1) as pool:
        with upgrade_lock(engine, 10), engine.connect() as connection:
            repos.create(connection)  # the first of its tables
            connection.commit()
            start = pool.submit(bring_up, settings(database_url, tmp_path))
            with pytest.raises(TimeoutError):
                start.result(1)
            migrate.run_migrations(connection)
        start.result(60)
    assert migrate.state(engine) == "current"
    assert list(tmp_path.glob("*.before-*")) == []
    engine.dispose()


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_older_mysql_schema_stops_the_start_and_names_the_way(database_url: str, tmp_path: Path):
    old_table(database_url)
    with pytest.raises(CannotStart, match=r"older schema: run python3 local-database\.py with -i"):
        bring_up(settings(database_url, tmp_path))
    assert sa.inspect(connect(database_url)).get_table_names() == ["repos"]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_older_sqlite_file_is_upgraded_beside_a_copy(database_url: str, tmp_path: Path):
    old_table(database_url)
    bring_up(settings(database_url, tmp_path))
    assert migrate.state(connect(database_url)) == "current"
    (copy,) = tmp_path.glob("*.db.before-*")
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT * FROM repos").fetchall() == [(1, "org/repo")]


def test_newer_schema_stops_a_start_and_not_who_runs_already(database_url: str, tmp_path: Path):
    bring_up(settings(database_url, tmp_path))
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    check(settings(database_url, tmp_path), engine)
    with pytest.raises(CannotStart, match="upgraded by a newer release"):
        bring_up(settings(database_url, tmp_path))
    engine.dispose()


def test_copy_holds_what_was_committed_to_the_log_only(tmp_path: Path):
    file = tmp_path / "runs.db"
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE runs (id)")
    writer.execute("INSERT INTO runs VALUES (7)")
    writer.commit()  # into runs.db-wal: the file itself has not grown yet
    with sqlite3.connect(copy_beside(sa.URL.create("sqlite", database=str(file)))) as connection:
        assert connection.execute("SELECT * FROM runs").fetchall() == [(7,)]
    writer.close()


def test_server_that_is_not_there_may_be_there_at_the_next_try(tmp_path: Path):
    with pytest.raises(CannotStart, match="does not answer: OperationalError") as stopped:
        bring_up(settings("mysql+pymysql://root:hunter22@127.0.0.1:1/runs", tmp_path))
    assert stopped.value.code == 1
    assert "hunter22" not in str(stopped.value)


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_wrong_password_is_no_silence(store_url: str, tmp_path: Path):
    url = sa.make_url(store_url).set(username="nobody", password="hunter22")
    with pytest.raises(CannotStart, match="the database refuses: Op") as stopped:
        bring_up(settings(url.render_as_string(hide_password=False), tmp_path))
    assert "hunter22" not in str(stopped.value)


READY = request({}, None, method="GET", path="/readyz")


def starts_ready(listener: Listener) -> None:
    assert listener.send(READY).code == 200
    assert 'msg="processes take no turns"' in listener.log()


@pytest.mark.parametrize("on_database_down", ["spool", "503"])
# A file where its folder should be, a file system that takes none, and a name that is too long,
# which cannot even be looked for: as a folder of another user.
@pytest.mark.parametrize("folder", ["file/spool", "/proc/none/spool", "n" * 300])
def test_listener_whose_spool_cannot_be_made_starts_and_says_so(
    tmp_path: Path, folder: str, on_database_down: str
):
    (tmp_path / "file").touch()
    settings = {"SPOOL_DIR": folder, "ON_DATABASE_DOWN": on_database_down}
    with running(tmp_path, **settings) as listener:
        starts_ready(listener)
        spools = on_database_down == "spool"
        assert ("cannot write the spool back to the database" in listener.log()) == spools
        said = "WRONG: no delivery can wait for the database: SPOOL_DIR: "
        assert (said in listener.said()) == spools


def test_listener_that_could_store_nothing_does_not_start(tmp_path: Path):
    made = {"DATABASE_URL": "mysql+pymysql://root@127.0.0.1:1/runs", "WEBHOOK_SECRET": "s" * 16}
    for folder, is_refused in (("/proc/none/spool", True), (str(tmp_path / "spool"), False)):
        settings = read({}, {**made, "SPOOL_DIR": folder}, tmp_path)
        with pytest.raises(CannotStart, match="nor to SPOOL_DIR") if is_refused else nullcontext():
            assert prepare(settings, {}).cause


@pytest.mark.parametrize("on_database_down", ["spool", "503"])
def test_app_whose_spool_cannot_be_made_starts_and_says_so(tmp_path: Path, on_database_down: str):
    settings = {"SPOOL_DIR": "/proc/none/spool", "ON_DATABASE_DOWN": on_database_down}
    with running_on_gunicorn(tmp_path, **settings) as listener:
        starts_ready(listener)
