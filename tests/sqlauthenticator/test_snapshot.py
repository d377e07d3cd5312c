"""A snapshot is one consistent view that holds nobody up, and that ends."""

import sqlite3
import time
from typing import Any

import pandas
import pytest

from tests.sqlauthenticator.conftest import end_connection, number_of

COUNT = "SELECT COUNT(*) FROM items"
ENDED = r"the snapshot has ended: it may last 0\.3 s"


def add(writer: Any, name: str) -> None:
    """Commit one more item; a writer of these tests waits a second for a lock, no longer."""
    writer.execute("INSERT INTO items (name) VALUES (?)", (name,))
    writer.commit()


def test_snapshot_sees_one_state_while_writers_go_on(reader: Any, writer: Any):
    with reader.snapshot() as same:
        assert same is reader
        add(writer, "before the first read")
        assert reader.execute(COUNT).fetchone() == (3,)
        writer.execute("UPDATE items SET name = 'changed'")
        writer.execute("DELETE FROM items WHERE id = 1")
        writer.commit()
        assert reader.execute(COUNT).fetchone() == (3,)
        frame = pandas.read_sql("SELECT name FROM items ORDER BY id", reader)
        assert frame["name"].tolist() == ["one", "two", "three"]
    assert reader.execute(COUNT).fetchone() == (3,)
    assert reader.execute("SELECT MIN(id) FROM items").fetchone() == (2,)


def test_snapshot_outlives_errors_commits_and_rollbacks(reader: Any, writer: Any):
    with reader.snapshot():
        add(writer, "four")
        with pytest.raises(sqlite3.OperationalError):
            reader.execute("SELECT missing FROM items")
        with pytest.raises(pandas.errors.DatabaseError):
            pandas.read_sql("SELECT missing FROM items", reader)
        reader.commit()
        reader.rollback()
        with reader:
            assert reader.execute(COUNT).fetchone() == (3,)
    assert reader.execute(COUNT).fetchone() == (4,)


def test_snapshot_ends_with_an_error_in_its_block(reader: Any, writer: Any):
    with pytest.raises(KeyError), reader.snapshot():
        raise KeyError
    add(writer, "four")
    assert reader.execute(COUNT).fetchone() == (4,)


def test_migration_does_not_wait_for_a_snapshot(reader: Any, writer: Any):
    with reader.snapshot():
        assert reader.execute(COUNT).fetchone() == (3,)
        cursor = reader.execute("SELECT * FROM items")
        with pytest.raises(sqlite3.OperationalError):
            reader.execute("SELECT missing FROM items")
        writer.execute("ALTER TABLE items ADD COLUMN more INTEGER")
        writer.execute("CREATE TABLE others (id INTEGER)")
        writer.execute("DROP TABLE others")
        assert len(cursor.fetchall()) == 3


def test_changed_table_gives_the_old_rows_or_a_clear_error(reader: Any, writer: Any):
    with reader.snapshot():
        assert reader.execute(COUNT).fetchone() == (3,)
        writer.execute("ALTER TABLE items ADD COLUMN more INTEGER")
        add(writer, "four")
        assert count_or_error(reader) in (3, "a migration changed a table since the snapshot began")
    assert reader.execute(COUNT).fetchone() == (4,)


def count_or_error(reader: Any) -> Any:
    """Count the items, or tell why not."""
    try:
        return reader.execute(COUNT).fetchone()[0]
    except sqlite3.OperationalError as error:
        return str(error)


def test_snapshot_ends_after_its_limit(reader: Any, writer: Any):
    with reader.snapshot(limit=0.3):
        assert reader.execute(COUNT).fetchone() == (3,)
        add(writer, "four")
        time.sleep(0.8)
        for _ in range(2):
            with pytest.raises(sqlite3.OperationalError, match=ENDED):
                reader.execute(COUNT)
    assert reader.execute(COUNT).fetchone() == (4,)
    with reader.snapshot():
        assert reader.execute(COUNT).fetchone() == (4,)


def test_ended_snapshot_leaves_nothing_on_the_database(reader: Any, writer: Any, engine_name: str):
    with reader.snapshot(limit=0.3):
        reader.execute(COUNT)
        add(writer, "four")
        assert holds_a_view(reader, writer, engine_name)
        time.sleep(0.8)
        assert not holds_a_view(reader, writer, engine_name)


def holds_a_view(reader: Any, writer: Any, engine_name: str) -> bool:
    """Ask the database whether a reader is in the way of its cleaning up."""
    if engine_name == "sqlite":
        _, frames, copied = writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(copied < frames)
    own = (number_of(writer),)
    if engine_name == "postgresql":
        sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> ?"
        return bool(writer.execute(sql, own).fetchone()[0])
    sql = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> ?"
    return bool(writer.execute(sql, own).fetchone()[0])


def test_snapshot_that_was_left_does_not_end_the_next_one(reader: Any):
    with reader.snapshot(limit=0.3):
        pass
    with reader.snapshot():
        time.sleep(0.6)
        assert reader.execute(COUNT).fetchone() == (3,)


def test_snapshots_do_not_nest(reader: Any):
    with reader.snapshot():
        with (
            pytest.raises(sqlite3.ProgrammingError, match="inside a transaction"),
            reader.snapshot(),
        ):
            pass
        assert reader.execute(COUNT).fetchone() == (3,)


def test_writing_connection_only_reads_in_a_snapshot(writer: Any, reader: Any):
    with writer.snapshot(), pytest.raises(sqlite3.OperationalError, match="only reads"):
        writer.execute("DELETE FROM items")
    add(writer, "four")
    assert reader.execute(COUNT).fetchone() == (4,)


def test_snapshot_does_not_swallow_an_open_transaction(writer: Any):
    writer.execute("DELETE FROM items")
    with pytest.raises(sqlite3.ProgrammingError, match="inside a transaction"), writer.snapshot():
        pass
    writer.rollback()
    assert writer.execute(COUNT).fetchone() == (3,)


def test_connection_may_be_closed_in_a_snapshot(reader: Any):
    with reader.snapshot(limit=0.2):
        reader.close()
        time.sleep(0.4)
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        reader.execute(COUNT)


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql", "postgresql"], indirect=True)
def test_lost_connection_ends_the_snapshot(reader: Any, writer: Any):
    with reader.snapshot():
        end_connection(number_of(reader), writer)
        with pytest.raises(sqlite3.OperationalError):
            reader.execute(COUNT)
        with pytest.raises(sqlite3.OperationalError, match="the snapshot has ended"):
            reader.execute(COUNT)
    assert reader.execute(COUNT).fetchone() == (3,)
