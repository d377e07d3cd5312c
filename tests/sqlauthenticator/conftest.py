"""A small table on a fresh database of each engine, and connections that are closed at the end."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from sqlauthenticator import connector

Open = Callable[..., Any]

COLUMNS = "id INTEGER PRIMARY KEY {auto}, name VARCHAR(50) NOT NULL, size DOUBLE, body BLOB"
ITEMS = [(1, "one", 1.5, b"\x00\xff"), (2, "two", None, None), (3, "three", 3.0, b"")]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep this machine's own settings out."""
    for name in list(os.environ):
        if name.startswith("DATABASE_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "analyst"
    folder.mkdir()
    monkeypatch.chdir(folder)


def make_items(connection: Any, auto: str = "") -> None:
    """Make the table `items` with its three rows."""
    connection.execute(f"CREATE TABLE items ({COLUMNS.format(auto=auto)})")
    connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", ITEMS)
    connection.commit()


@pytest.fixture
def url(engine_name: str, database_url: str) -> str:
    """Give a database that has `items`; an SQLite file is in WAL mode, as the store's is."""
    if engine_name == "sqlite":
        with closing(sqlite3.connect(str(make_url(database_url).database))) as made:
            made.execute("PRAGMA journal_mode = WAL")
    with closing(connector(url=database_url, write=True)) as connection:
        make_items(connection, auto="" if engine_name == "sqlite" else "AUTO_INCREMENT")
    return database_url


@pytest.fixture
def open_connection(url: str) -> Iterator[Open]:
    """Give the function that opens connections to the database: connector's, but for the URL."""
    with ExitStack() as stack:

        def opened(**options: Any) -> Any:
            return stack.enter_context(closing(connector(url=url, **options)))

        yield opened


@pytest.fixture
def reader(open_connection: Open) -> Any:
    """Give a read-only connection."""
    return open_connection()


@pytest.fixture
def writer(open_connection: Open, engine_name: str) -> Any:
    """Give a connection that writes, and does not wait for locks."""
    connection = open_connection(write=True)
    if engine_name == "sqlite":
        connection.execute("PRAGMA busy_timeout = 1000")
    else:
        connection.execute("SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1")
    return connection
