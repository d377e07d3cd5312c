"""`lake()` and `lake.py query`: the lake, read and nothing else, as it is or as it was."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

import sqlauthenticator
from lake.read_only import LakeConnection, ReadOnly, open_reader
from schema import migrate
from tests.lake import lakes

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> lakes.Pair:
    folder = tmp_path_factory.mktemp("lake")
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    made = lakes.make(url, folder)
    made.sync()
    return made


@pytest.fixture
def connection(pair: lakes.Pair):
    with open_reader(pair.place) as opened:
        yield opened


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM jobs WHERE Id > ?",
        "SELECT count(*) FROM jobs WHERE name <> 'pg_query (ci)' AND Id > ?",
        "SELECT count(*) FROM jobs WHERE name <> $$é query (linux)$$ AND Id > ?",
        "WITH few AS (FROM jobs) SELECT count(*) FROM few WHERE Id > ?",
        "CREATE OR REPLACE TEMP TABLE few AS FROM jobs; SELECT count(*) FROM few WHERE Id > ?",
    ],
)
def test_statement_that_reads_is_answered(connection: LakeConnection, statement: str):
    assert connection.execute(statement, [0]).fetchall() == [(200,)]


def test_words_that_show_what_is_there_are_answered(connection: LakeConnection):
    assert ("jobs",) in connection.execute("SHOW TABLES").fetchall()
    assert connection.sql("DESCRIBE jobs").fetchone()[0] == "Id"
    assert connection.execute("EXPLAIN ANALYZE SELECT 1").fetchall()
    assert connection.cursor().execute("SELECT count(*) FROM jobs").fetchall() == [(200,)]
    assert connection.sql("PIVOT jobs ON status USING count(*)").fetchone()


def test_extensions_of_whoever_is_asked_are_signed(connection: LakeConnection):
    query = "SELECT current_setting('allow_unsigned_extensions')"
    assert connection.execute(query).fetchall() == [(False,)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM jobs",
        "CREATE TABLE mine AS SELECT 1",
        "ATTACH ':memory:' AS other",
        "ATTACH 'ducklake:sqlite:{catalog}' AS other",
        "COPY jobs TO '{data}/jobs.csv'",
        "COPY jobs TO '{folder}/jobs.csv'",
        "EXPLAIN ANALYZE COPY jobs TO '{data}/jobs.csv'",
        "EXPLAIN (ANALYZE) COPY jobs TO '{data}/jobs.csv'",
        "EXPORT DATABASE '{data}/all'",
        """SELECT 'it''s', * FROM sqlite_scan('{store}', 'jobs')""",
        "SELECT $$é$$, * FROM sqlite_scan('{store}', 'jobs')",
        "SELECT E'\\'', 'ü' FROM sqlite_scan('{store}', 'jobs')",
        """SELECT * FROM U&"sqlite\\005fscan"('{store}', 'jobs')""",
        "SELECT 1; COPY jobs TO '{data}/jobs.csv'",
        "PREPARE v AS COPY jobs TO '{data}/jobs.csv'",
        "SELECT * FROM read_text('{store}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM sqlite_scan('{store}', 'jobs')",
        """SELECT * FROM "SQLITE_scan"('{store}', 'jobs')""",
        "SELECT * FROM query /* x */ ('SELECT * FROM sqlite' || '_scan(''{store}'', ''jobs'')')",
        "SELECT * FROM sqlite_query('__ducklake_metadata_lake', 'DELETE FROM ducklake_snapshot')",
        "DELETE FROM __ducklake_metadata_catalog.ducklake_snapshot",
        "CALL ducklake_expire_snapshots('lake', older_than => now())",
        "SELECT * FROM ducklake_delete_orphaned_files('lake', cleanup_all => true)",
        "CALL lake.set_option('parquet_version', 1)",
        "SET enable_external_access = true",
        "LOAD sqlite_scanner",
        "INSTALL httpfs",
        "USE memory",
        "DETACH lake",
        "SELECT * FROM enable_logging(storage => 'file', storage_path => '{folder}')",
    ],
)
def test_statement_that_does_more_is_refused(
    connection: LakeConnection, pair: lakes.Pair, statement: str
):
    folder = Path(pair.place.data).parent.parent
    before = files_of(folder)
    words = {
        "{catalog}": pair.place.catalog,
        "{data}": pair.place.data,
        "{folder}": str(folder),
        "{store}": str(folder / "store.db"),
    }
    for word, value in words.items():
        statement = statement.replace(word, value)
    with pytest.raises((ReadOnly, duckdb.Error)):
        connection.execute(statement).fetchall()
    assert files_of(folder) == before


def files_of(folder: Path) -> list[Path]:
    """List the files that are not SQLite's own notes."""
    return sorted(path for path in folder.rglob("*.*") if not path.name.endswith(("-shm", "-wal")))


@pytest.fixture
def named(pair: lakes.Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> lakes.Pair:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKE_CATALOG", f"sqlite:{pair.place.catalog}")
    monkeypatch.setenv("LAKE_DATA", pair.place.data)
    return pair


def test_lake_has_what_was_known_at_a_time_with_its_zone(named: lakes.Pair):
    between = datetime.now(UTC)
    named.touch([7], "known later")
    named.sync()
    question = "SELECT count(*) FROM workflowruns WHERE title = 'known later'"
    with sqlauthenticator.lake() as now:
        assert now.execute(question).fetchall() == [(1,)]
    zone = timezone(timedelta(hours=5, minutes=45))
    for moment in (
        between,
        between.astimezone(zone),
        between.astimezone(zone).isoformat(" "),
        f"{between.replace(tzinfo=None)} UTC",
    ):
        with sqlauthenticator.lake(asof=moment) as then:
            assert then.execute(question).fetchall() == [(0,)]
    with sqlauthenticator.lake(asof=between.replace(tzinfo=zone) + timedelta(hours=6)) as later:
        assert later.execute(question).fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("asof", "sentence"),
    [
        ("2026-11-23 09:00", "names no zone"),
        (datetime(2026, 11, 23, 9), "names no zone"),
        ("2001-01-01 09:00+01:00", "the lake knows nothing of 2001-01-01 09:00:00"),
        ("soon", "is no time"),
    ],
)
def test_time_that_cannot_be_answered_is_one_sentence(
    named: lakes.Pair, asof: str | datetime, sentence: str
):
    with pytest.raises(sqlite3.OperationalError, match=sentence):
        sqlauthenticator.lake(asof)


def test_lake_that_is_not_there_is_not_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sqlite3.OperationalError, match="there is no lake yet"):
        sqlauthenticator.lake()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "missing", "sentence"),
    [
        (ROOT, "duckdb", "pip install --require-hashes -r requirements-lake.txt"),
        ("", "", "lake() works in Runledger's folder"),
    ],
)
def test_without_duckdb_or_without_runledger_one_line_says_what_is_needed(
    tmp_path: Path, place: Path | str, missing: str, sentence: str
):
    (tmp_path / "sqlauthenticator.py").write_bytes((ROOT / "sqlauthenticator.py").read_bytes())
    code = (
        f"import sys; sys.path.insert(0, {str(place or tmp_path)!r}); sys.modules[{missing!r}] ="
        " None\nfrom sqlauthenticator import lake; lake()"
    )
    environ = {**os.environ, "LAKE_CATALOG": "postgres:dbname=none"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert sentence in done.stderr.splitlines()[-1]
