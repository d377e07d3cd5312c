"""`--copy-to` as it is typed: what it says, what it ends with, and that no password is told."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from schema import migrate
from schema.tables.ci import jobs
from tests.backfill.conftest import Command
from tests.backfill.conftest import bare as bare
from tests.backfill.conftest import command as command

JOB = {"provider": "github", "gitid": 5, "name": "build", "version": b""}


@pytest.fixture
def filled(bare: Path) -> Path:
    """Give the folder, where the store of the default DATABASE_URL holds a job."""
    (bare / "data").mkdir()
    engine = sa.create_engine("sqlite:///data/shark_dashboard.db")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(jobs), {**JOB, "Id": 7})
    engine.dispose()
    return bare


def test_store_is_copied_and_each_table_is_told_with_its_count_and_hash(filled, command: Command):
    done = command("--copy-to", "sqlite:///new.db")
    assert done.code == 0
    assert re.search("^jobs: 1 row, sha256 [0-9a-f]{64}$", done.out, re.MULTILINE)
    assert re.search("^workflowruns: 0 rows$", done.out, re.MULTILINE)
    assert "tables with" in done.out
    assert "are equal, by count and hash, to what the store held at 20" in done.out
    assert "the copy is open" in done.out
    engine = sa.create_engine("sqlite:///new.db")
    with engine.connect() as connection:
        assert list(connection.execute(sa.select(jobs.c.Id, jobs.c.name))) == [(7, "build")]
    held = command("--copy-to", "sqlite:///held.db", "--hold")
    assert (held.code, "the copy is held" in held.out) == (0, True)
    again = command("--copy-to", "sqlite:///new.db")
    assert (again.code, "0 rows had changed" in again.err) == (0, True)
    with engine.begin() as connection:
        connection.execute(sa.update(jobs).values(name="written here"))
    refused = command("--copy-to", "sqlite:///new.db")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "local-database.py: --copy-to: the database is refused: "
        "it is in use: written to since it was copied: jobs\n"
    )
    engine.dispose()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--copy-to", "oracle://u:hidden@h/x"], "--copy-to: oracle is not supported"),
        (["--copy-to", "sqlite://"], "--copy-to: SQLite needs a file"),
        (["--copy-to", "sqlite:///new.db"], "there is no database yet, so nothing to copy"),
        (["--copy-to", "sqlite:///new.db", "--audit"], "has no effect with --audit"),
        (
            ["--copy-to", "sqlite:///new.db", "--max_runs", "5"],
            "--max_runs: has no effect with",
        ),
        (["--copy-to", "sqlite:///new.db", "-r", "o/r"], "-r: has no effect with --copy-to"),
        (["--hold"], "--hold: is for --copy-to only"),
    ],
)
def test_what_cannot_be_done_is_said_without_the_password(
    bare: Path, command: Command, words: list[str], why: str
):
    done = command(*words)
    assert (done.code, done.out) == (2, "")
    assert why in done.err
    assert "hidden" not in done.err
    assert list(bare.iterdir()) == []


def test_server_that_does_not_answer_is_no_fault_of_the_store(filled, command: Command):
    done = command("--copy-to", "mysql+pymysql://user:hidden@127.0.0.1:1/db")
    assert done.code == 1
    assert "hidden" not in done.err
    assert "the same command goes on where it was" in done.err


def test_store_of_an_earlier_release_is_not_copied(filled, command: Command):
    engine = sa.create_engine("sqlite:///data/shark_dashboard.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0046'")
    engine.dispose()
    done = command("--copy-to", "sqlite:///new.db")
    assert (done.code, "the schema of the store is not up to date" in done.err) == (2, True)
    assert not Path("new.db").exists()
