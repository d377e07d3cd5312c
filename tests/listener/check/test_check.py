"""`python3 listener.py --check` says in one line each what is wrong, and 0 or 1 at the end."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.settings import read
from engines import connect
from engines.reaching.postgresql_promises import DURABLE
from listener import check_store as checks
from listener.check import check
from listener.check_store import log_lines
from listener.cli import main
from schema import migrate
from store.deliveries.table import Delivery, now, save_all
from store.state import clock, health
from store.state.health import HealthState
from tests.servers import Server

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
on_servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)

Checked = Callable[..., tuple[int, dict[str, str]]]


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    """Check with these settings: the exit code, and what is wrong by name."""

    def run(**settings: str) -> tuple[int, dict[str, str]]:
        environment = {"SPOOL_DIR": str(tmp_path / "spool"), **settings}
        code = check(read({}, environment, tmp_path))
        lines = capsys.readouterr().out.splitlines()
        wrong = [line[6:].split(": ", 1) for line in lines if line.startswith("WRONG ")]
        return code, {name: why for name, why in wrong}

    return run


def test_database_with_its_schema_is_well(database_url: str, checked: Checked):
    migrate.upgrade(database_url)
    _, wrong = checked(DATABASE_URL=database_url)
    # The tests' own servers throw their data away.
    for name in ("innodb_flush_log_at_trx_commit", *DURABLE):
        wrong.pop(name, None)
    assert wrong == {}


@on_servers
@pytest.mark.parametrize(
    ("option", "name", "why"),
    [
        ("--innodb-flush-log-at-trx-commit=2", "innodb_flush_log_at_trx_commit", "2 must be 1"),
        ("--max-allowed-packet=1M", "max_allowed_packet", "1048576 must be 2097152 or more"),
    ],
)
def test_server_that_may_lose_something_is_wrong(
    private_server: Callable[..., Server], checked: Checked, option: str, name: str, why: str
):
    server = private_server("--innodb-flush-log-at-trx-commit=1", option)
    root = sa.create_engine(server.url, poolclass=sa.NullPool)
    with root.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE runs"))
    code, wrong = checked(DATABASE_URL=f"{server.url}/runs")
    assert code == 1
    assert list(wrong) == [name]
    assert wrong[name].startswith(why)


@on_servers
def test_older_schema_is_wrong_and_the_way_is_named(database_url: str, checked: Checked):
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE repos (Id INTEGER PRIMARY KEY)"))
    code, wrong = checked(DATABASE_URL=database_url)
    assert code == 1
    assert wrong["schema"] == "is older: run python3 local-database.py with -i once"


@on_sqlite
def test_database_that_does_not_answer_is_wrong_without_its_password(
    engine_name: str, checked: Checked
):
    code, wrong = checked(DATABASE_URL="mysql+pymysql://root:hunter22@127.0.0.1:1/runs")
    assert code == 1
    assert wrong["database"].startswith("mysql 127.0.0.1: connection: OperationalError: (2003, ")
    assert "hunter22" not in wrong["database"]


@on_sqlite
def test_spool_that_cannot_be_written_is_wrong(engine_name: str, checked: Checked, tmp_path: Path):
    (tmp_path / "file").touch()
    code, wrong = checked(SPOOL_DIR=str(tmp_path / "file"))
    assert (code, list(wrong)) == (1, ["spool"])


@on_sqlite
def test_looking_makes_no_database(engine_name: str, checked: Checked, tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    assert checked(DATABASE_URL=url) == (0, {})
    assert not (tmp_path / "runs.db").exists()


@on_sqlite
def test_bad_setting_is_one_line_and_1(
    engine_name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PORT", "none")
    assert main(["--check"]) == 1
    assert capsys.readouterr().out == (
        "WRONG configuration: PORT: 'none' is not a number from 1 to 65535\n"
    )


@on_sqlite
def test_clock_that_was_ahead_is_said_to_have_been(
    database_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    migrate.upgrade(database_url)
    engine = connect(database_url)
    settings = {"DATABASE_URL": database_url, "SPOOL_DIR": str(tmp_path / "spool")}
    ahead = now() + timedelta(days=40)
    delivery = Delivery("github", "a guid", 7, "push", None, None, ahead, b"{}")
    with engine.begin() as connection:
        save_all(connection, [(delivery, "applied", None)])
    assert clock.trusted_time(engine) is None
    engine.dispose()
    assert check(read({}, settings, tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    leapt, received = [line for line in lines if line.startswith("warn")]
    assert leapt.startswith("warn  clock: it leapt, or nothing looked at it for a day (last at 20")
    assert received == "warn  clock: it was ahead when 1 delivery was received: set it by NTP"


@on_sqlite
def test_warnings_of_the_reconciler_are_shown_and_only_what_is_bad_is_wrong(
    database_url: str, checked: Checked, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    migrate.upgrade(database_url)
    engine = connect(database_url)
    silent = HealthState("org/app", "silence", "warning", "no delivery came since 10:00")
    health.put(engine, [silent, HealthState("org/app", "hook", "good")])
    settings = {"DATABASE_URL": database_url, "SPOOL_DIR": str(tmp_path / "spool")}
    assert check(read({}, settings, tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    (warning,) = [line for line in lines if line.startswith("warn")]
    assert warning.startswith("warn  silence of org/app: no delivery came since 10:00 (since 20")
    assert any(line.startswith("ok    freshness: was looked at last at 20") for line in lines)
    health.put(engine, [HealthState("", "token", "bad", "the key expires")])
    engine.dispose()
    code, wrong = checked(**settings)
    assert code == 1
    assert wrong["token"].startswith("the key expires (since 20")


@on_sqlite
def test_long_log_beside_the_file_is_a_warning_that_names_what_to_do(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    migrate.upgrade(database_url)
    engine = connect(database_url)
    with engine.connect():
        assert list(log_lines(engine)) == []
        monkeypatch.setattr(checks, "LONG_LOG", -1)
        (line,) = log_lines(engine)
    engine.dispose()
    assert line.warning
    assert line.state.endswith(
        "-wal has 0 MiB: a reader's transaction is open; end it, and it is cut within ten minutes"
    )
