"""What a reader may not change, as somebody beside it sees it."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa

import sqlauthenticator
from tests.sqlauthenticator.reader.watched_postgresql import TARGETS

# Variables of a server that change by themselves.
RESTLESS = ("gtid", "timestamp", "innodb_", "rpl_", "pseudo", "insert_id", "last_")
OF_TABLES = {".frm", ".ibd", ".opt", ".sdi", ".MYD", ".MYI", ".MAD", ".MAI", ".TMP"}
# What a session has to keep, by the name that the engine knows it by.
KEPT = ("@@sql_mode", "@@autocommit", "@@character_set_client")
OF_MARIADB = ("@@tx_read_only", "@@max_statement_time")
OF_MYSQL = ("@@transaction_read_only", "@@max_execution_time")


def make_targets(url: str) -> None:
    """Make what a server may have beside tables: a sequence, programs that write."""
    if url.startswith("sqlite"):
        return
    with contextlib.closing(sqlauthenticator.connector(url=url, write=True)) as writer:
        if url.startswith("postgresql"):
            for target in TARGETS:
                writer.execute(target)
            return
        (version,) = writer.execute("SELECT VERSION()").fetchone()
        if "MariaDB" in version:
            writer.execute("CREATE SEQUENCE numbers NOCACHE")
        change = "INSERT INTO items (name) VALUES ('w')"
        writer.execute(
            "CREATE FUNCTION write_item() RETURNS INT MODIFIES SQL DATA"
            f" BEGIN {change}; RETURN 1; END"
        )
        writer.execute(f"CREATE PROCEDURE write_items() {change}")


class FileState:
    """An SQLite file, its bytes and those of its neighbours."""

    def __init__(self, url: str) -> None:
        self.path = Path(str(sa.make_url(url).database))

    def read(self, doors: Any) -> dict[str, Any]:
        del doors
        files = {
            path.name for folder in (Path.cwd(), self.path.parent) for path in folder.iterdir()
        }
        with contextlib.closing(sqlite3.connect(self.path, timeout=1)) as beside:
            return {
                "the dump": hash("\n".join(beside.iterdump())),
                "journal_mode": beside.execute("PRAGMA journal_mode").fetchall(),
                "user_version": beside.execute("PRAGMA user_version").fetchall(),
                "the lock": can_write(beside),
                "the files": {name for name in files if not name.endswith(("-wal", "-shm"))},
            }

    def close(self) -> None:
        pass


def can_write(beside: sqlite3.Connection) -> bool:
    """Tell whether nobody holds the lock of writers."""
    try:
        beside.execute("BEGIN IMMEDIATE")
        beside.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    return True


class ServerState:
    """A server: rows, tables, accounts, settings, locks, files, and the readers' sessions."""

    def __init__(self, url: str) -> None:
        place = sa.make_url(url)
        self.beside = pymysql.connect(
            host=place.host,
            port=place.port or 3306,
            user=place.username,
            database=place.database,
            autocommit=True,
            read_timeout=30,
            ssl_disabled=True,
        )
        self.ask("SET SESSION lock_wait_timeout = 2, innodb_lock_wait_timeout = 2")
        self.is_mariadb = "MariaDB" in str(self.beside.get_server_info())
        self.folder = Path(self.ask("SELECT @@datadir")[0][0]) / str(place.database)
        self.settings = self.ask("SELECT @@GLOBAL.max_connections, @@GLOBAL.wait_timeout")[0]

    def ask(self, sql: str) -> Any:
        with self.beside.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def read(self, doors: Any) -> dict[str, Any]:
        try:
            return {**self.of_server(), **self.of_sessions(doors)}
        except pymysql.Error as error:  # a table is gone, or locked
            return {"what can be read": str(error)}

    def of_server(self) -> dict[str, Any]:
        settings = self.ask("SHOW GLOBAL VARIABLES")
        state = {
            "the rows": self.ask("SELECT * FROM items ORDER BY id"),
            "the tables": self.ask("SHOW FULL TABLES"),
            "the columns": self.ask("SHOW CREATE TABLE items"),
            "the databases": self.ask("SHOW DATABASES"),
            "the accounts": self.ask("SELECT user, host FROM mysql.user ORDER BY 1, 2"),
            "a lock": self.ask("SELECT IS_USED_LOCK('made')"),
            "the settings": [pair for pair in settings if not pair[0].startswith(RESTLESS)],
            "the files": self.written_files(),
        }
        if self.is_mariadb:
            state["the sequence"] = self.ask("SELECT next_not_cached_value FROM numbers")
        return state

    def written_files(self) -> list[Path]:
        """Return what INTO OUTFILE wrote beside the tables, or into the folder above."""
        beside = [path for path in self.folder.iterdir() if path.suffix not in OF_TABLES]
        return sorted([*beside, *self.folder.parent.glob("made*")])

    def of_sessions(self, doors: Any) -> dict[str, Any]:
        names = (*KEPT, *(OF_MARIADB if self.is_mariadb else OF_MYSQL))
        sql = f"SELECT {', '.join(names)}"
        ways = (doors.try_connector, doors.try_engine)
        return {f"the session of {way.__name__}": list(map(tuple, way(sql))) for way in ways}

    def close(self) -> None:
        """Undo what a control may have done to the server."""
        connections, timeout = self.settings
        self.ask(f"SET GLOBAL max_connections = {connections}, wait_timeout = {timeout}")
        self.ask("DROP USER IF EXISTS made")
        for path in self.written_files():
            path.unlink()
        self.beside.close()
