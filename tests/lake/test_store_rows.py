"""Tables of an SQLite file, copied by a process of its own."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert

from engines import connect
from lake.store_rows import copy_file
from schema import migrate
from schema.tables.ci import commits, repos


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.db"
    migrate.upgrade(f"sqlite:///{path}")
    engine = connect(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(insert(repos).values(provider="github", gitid=1, name="octo-org/app"))
        connection.execute(insert(commits).values(repoid=1, hash="a" * 40))
    engine.dispose()
    monkeypatch.chdir(tmp_path)  # not the checkout's folder
    return path


def test_tables_are_copied_from_wherever_the_command_is_run(path: Path, tmp_path: Path):
    assert list(copy_file(str(path), [repos, commits], tmp_path)) == ["repos", "commits"]


def test_table_with_a_value_of_another_type_is_left_and_said(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with sqlite3.connect(path) as file:
        file.execute("UPDATE commits SET time = 'yesterday'")
    file.close()
    assert list(copy_file(str(path), [repos, commits], tmp_path)) == ["repos"]
    assert "read row by row" in caplog.text
