"""A bucket, a catalog or a disk that fails: one clear sentence, nothing lost, no secret told."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import make_url

from config.lake_place import LakeSettings, read_lake
from lake import cli
from lake.catalog import NONE, PATIENCE, open_lake, with_patience
from lake.one_writer import held
from lake.read_only import open_reader
from lake.why_failed import GOES_ON, why_failed
from schema import migrate
from tests.lake import lakes, s3


@pytest.fixture(scope="module")
def server() -> Iterator[s3.S3Server]:
    with s3.started() as started:
        yield started


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: s3.S3Server) -> lakes.Pair:
    """Give a store whose lake is in the bucket, as the command finds both."""
    server.refused.clear()
    url = f"sqlite:///{tmp_path}/store.db"
    migrate.upgrade(url)
    monkeypatch.chdir(tmp_path)
    settings = {"LAKE_CATALOG": f"sqlite:{tmp_path}/c.sqlite", **server.settings}
    for name, value in {"DATABASE_URL": url, **settings}.items():
        monkeypatch.setenv(name, value)
    return lakes.make(url, tmp_path)._replace(place=read_lake(settings, tmp_path))


REFUSALS = (
    ("400 Bad Request", "ExpiredToken", "the keys to the bucket have expired"),
    ("403 Forbidden", "InvalidAccessKeyId", "the bucket's server does not know these keys"),
    ("403 Forbidden", "AccessDenied", "the bucket may not be written with these keys"),
    ("403 Forbidden", "QuotaExceeded", "the bucket is full"),
    ("507 Insufficient Storage", "XMinioStorageFull", "the bucket is full"),
    ("404 Not Found", "NoSuchBucket", "there is no such bucket"),
    ("503 Slow Down", "SlowDown", "the bucket's server does not answer"),
)


def test_bucket_that_refuses_is_one_sentence_and_nothing_is_lost(
    pair: lakes.Pair, server: s3.S3Server, capsys: pytest.CaptureFixture[str]
):
    for status, code, sentence in REFUSALS:
        server.refuse("PUT", status, code, "No.")
        assert cli.main(["sync"]) == 1, code
        said = capsys.readouterr().err
        assert said.startswith(f"lake.py: {sentence}")
        assert said.endswith(f"{GOES_ON}\n")
        assert s3.SECRET not in said
    server.refused.clear()
    assert cli.main(["sync"]) == 0
    assert cli.main(["check"]) == 0


def test_keys_that_expire_between_two_syncs_and_while_the_lake_is_asked(
    pair: lakes.Pair, server: s3.S3Server, capsys: pytest.CaptureFixture[str]
):
    pair.sync()
    pair.touch(range(30), "changed")
    for method, command in (("PUT", ["sync"]), ("GET", ["query", "SELECT max(url) FROM jobs"])):
        server.refuse(method, "400 Bad Request", "ExpiredToken", "The token has expired.")
        assert cli.main(command) == 1
        assert "the keys to the bucket have expired" in capsys.readouterr().err
        server.refused.clear()
    assert cli.main(["sync"]) == 0
    assert pair.differences() == []
    assert pair.ask("SELECT count(*) FROM workflowruns WHERE title = 'changed'") == [(30,)]


def test_secrets_are_neither_in_the_catalog_nor_answered(pair: lakes.Pair):
    pair.sync()
    with closing(sqlite3.connect(pair.place.catalog)) as catalog:
        assert s3.SECRET not in "\n".join(catalog.iterdump())
        assert s3.KEY not in "\n".join(catalog.iterdump())
    for opened in (open_lake(pair.place), open_lake(pair.place, write=True)):
        with closing(opened) as lake:
            for asked in ("FROM duckdb_secrets()", "FROM duckdb_settings()"):
                assert s3.SECRET not in str(lake.execute(asked).fetchall())
    named = open_reader(pair.place).execute("SELECT current_setting('s3_access_key_id')")
    assert named.fetchall() == [("",)]
    assert named.execute("SELECT count(*) FROM jobs WHERE gitid > 0").fetchall() != [(0,)]


def test_printed_attach_leads_to_the_buckets_own_server(
    pair: lakes.Pair, server: s3.S3Server, capsys: pytest.CaptureFixture[str]
):
    pair.sync()
    assert cli.main(["attach"]) == 0
    said = capsys.readouterr().out
    place = server.url.removeprefix("http://")
    assert f"ENDPOINT '{place}', URL_STYLE 'path', USE_SSL false, SCOPE 's3://lake');" in said
    assert s3.SECRET not in said


@pytest.mark.parametrize("statement", ["ROLLBACK", "COMMIT; SELECT 1"])
def test_catalog_that_goes_away_in_the_midst_is_one_sentence(pair: lakes.Pair, statement: str):
    error = duckdb.Error(f'Failed to execute query "{statement}": ')
    assert why_failed(error, pair.place).startswith("the catalog's server cannot be reached")


def test_server_that_is_away_is_one_sentence(
    pair: lakes.Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert cli.main(["sync"]) == 1
    assert "the bucket's server does not answer" in capsys.readouterr().err


def test_second_writer_is_told_who_works_and_changes_nothing(
    pair: lakes.Pair, capsys: pytest.CaptureFixture[str]
):
    with held(pair.store):
        assert cli.main(["sync"]) == 1
        assert cli.main(["maintain"]) == 1
    assert capsys.readouterr().err.count("another process syncs or maintains the lake") == 2
    assert cli.main(["sync"]) == 0


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("host=127.0.0.1 port=1 dbname=c user=u", "the catalog's server cannot be reached"),
        ("host=no.such.host.invalid dbname=c", "the catalog's server cannot be reached"),
    ],
)
def test_catalog_that_is_away_is_one_sentence_without_its_password(
    pair: lakes.Pair,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
    sentence: str,
):
    monkeypatch.setenv("LAKE_CATALOG", f"postgres:{place}")
    monkeypatch.setenv("LAKE_CATALOG_PASSWORD", "it's \\secret")
    assert cli.main(["sync"]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "secret" not in said


def test_catalog_that_takes_a_connection_and_says_nothing_is_not_waited_for(
    pair: lakes.Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(PATIENCE, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("LAKE_CATALOG", f"postgres:host=127.0.0.1 port={port} dbname=c user=u")
        assert cli.main(["status"]) == 1
    assert "the catalog's server cannot be reached" in capsys.readouterr().err


def test_patience_of_the_settings_stays():
    place = LakeSettings("postgres", "host=h connect_timeout=60 dbname=c", None, "d/", None)
    assert with_patience(place).split().count("connect_timeout=60") == 1
    assert "connect_timeout=10" not in with_patience(place)
    assert with_patience(place._replace(kind="sqlite", catalog="c.sqlite")) == "c.sqlite"


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_catalog_in_postgresql_follows_and_says_what_is_wrong(
    database_url: str,
    pair: lakes.Pair,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    url = make_url(database_url)
    server = f"postgres:host={url.host or url.query.get('host')} port={url.port}"
    catalog = f"{server} dbname={url.database} user={url.username}"
    monkeypatch.setenv("LAKE_CATALOG", catalog)
    monkeypatch.setenv("LAKE_CATALOG_PASSWORD", "it's \\hidden")
    for words in (["status"], ["query", "SELECT 1"], ["maintain"], ["publish", "out"], ["check"]):
        assert cli.main(words) == 2
        assert capsys.readouterr().err == f"lake.py: {NONE}\n"
    assert cli.main(["sync"]) == 0
    pair.touch([1, 39], "changed")
    assert cli.main(["sync"]) == 0
    assert cli.main(["maintain"]) == 0
    assert cli.main(["check"]) == 0
    assert capsys.readouterr().err == ""
    lake = open_lake(read_lake())
    with closing(lake), pytest.raises(duckdb.Error):
        lake.execute("DELETE FROM jobs")
    monkeypatch.setenv("LAKE_CATALOG", f"{server} dbname=none user={url.username}")
    assert cli.main(["sync"]) == 1
    assert "there is no database none for the catalog" in capsys.readouterr().err
    monkeypatch.setenv("LAKE_CATALOG", f"{server} dbname={url.database} user=nobody")
    assert cli.main(["sync"]) == 1
    assert "the catalog's server refused the login" in (said := capsys.readouterr().err)
    assert "hidden" not in said
