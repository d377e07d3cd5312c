"""Whole tables of a store, copied by DuckDB itself in a process of its own."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from sqlalchemy import BigInteger, Column, MetaData, String, Table, make_url, update

from engines import connect
from lake.catalog import open_lake
from lake.copying import store_rows, table_copies
from lake.extensions import open_duckdb
from schema.tables.ci import commits, jobs, repos, workflowruns
from tests import leftovers
from tests.certificates import Authority
from tests.engines.test_tls import OTHER, RELOAD
from tests.lake import lakes
from tests.postgresql.certified import BUILT_WITH_TLS, certify

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
MOMENT = datetime(2026, 3, 1, 23, 59, 59, 123456)
TITLE = "Straße 🎉 \\ \n'\"\t"


@pytest.fixture
def pair(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # not the checkout's folder
    made = lakes.make(store_url, tmp_path, 2)
    yield made
    made.store.writer.dispose()
    made.store.reader.dispose()


def test_table_that_is_copied_is_what_is_read_row_by_row(pair: lakes.Pair, tmp_path: Path):
    values = {
        "createtime": MOMENT, "runtime": 0.1 + 0.2, "warned": True, "title": TITLE, "os": "",
        "gitid": 2**62, "version": b"\x00\xff'\\",
    }  # fmt: skip
    with pair.engine.begin() as connection:
        its = workflowruns.c.gitid == lakes.FIRST_RUN
        connection.execute(update(workflowruns).where(its).values(**values))
        connection.execute(update(commits).where(commits.c.Id == 1).values(message="main"))
        connection.execute(update(commits).where(commits.c.Id == 2).values(message="Main"))
    wanted = [workflowruns, jobs, commits, repos]
    with closing(open_lake(pair.place, make=True)) as lake, pair.store.reader.connect() as reader:
        copies = {
            name: copy.query
            for name, copy in table_copies.copy_tables(
                reader, dict.fromkeys(wanted, 1), tmp_path
            ).items()
        }
        assert {*copies} == {table.name for table in wanted}
        for table in wanted:
            rows = store_rows.stage(lake, reader, table, [store_rows.select_rows(table)])
            one_by_one = lake.execute(f"FROM ({rows}) ORDER BY ALL").fetchall()
            assert (
                lake.execute(f"FROM ({copies[table.name]}) ORDER BY ALL").fetchall() == one_by_one
            )
            types = f"DESCRIBE {copies[table.name]}", f"DESCRIBE {rows}"
            copied, staged = (lake.execute(query).fetchall() for query in types)
            assert [row[:2] for row in copied] == [row[:2] for row in staged]
        runs = lake.sql(copies["workflowruns"]).filter("gitid > 1e18")
        (row,) = runs.project(", ".join(values)).fetchall()
    assert row == tuple(values.values())


@SQLITE
def test_table_with_a_value_of_another_type_is_left_and_said(
    pair: lakes.Pair, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with sqlite3.connect(str(make_url(pair.engine.url).database)) as file:
        file.execute("UPDATE commits SET time = 'yesterday'")
    file.close()
    with pair.store.reader.connect() as reader:
        assert list(table_copies.copy_tables(reader, {repos: 1, commits: 1}, tmp_path)) == ["repos"]
    assert "read row by row" in caplog.text


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_table_of_another_machine_is_copied_over_tls_that_proves_itself(
    engine_name: str,
    private_server: Callable[..., Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    ours, theirs = Authority("ours"), Authority("theirs")
    ours.sign(tmp_path, OTHER)
    (tmp_path / "ours.pem").write_bytes(ours.pem())
    (tmp_path / "both.pem").write_bytes(theirs.pem() + ours.pem())  # MySQL looks at its own
    files = (tmp_path / name for name in ("both.pem", "cert.pem", "key.pem"))
    names = ("--ssl-ca", "--ssl-cert", "--ssl-key")
    server = private_server(*map("=".join, zip(names, map(str, files), strict=True)))
    root = pymysql.connect(host="127.0.0.1", port=server.port, user="root", autocommit=True)
    with closing(root), closing(root.cursor()) as cursor:
        cursor.execute("CREATE DATABASE store")
        cursor.execute("CREATE TABLE store.repos (Id BIGINT, name VARCHAR(20), PRIMARY KEY (Id))")
        cursor.execute("INSERT INTO store.repos VALUES (7, 'octo-org/app')")
        url = f"mysql+pymysql://root@{OTHER}:{server.port}/store"
        table = Table("repos", MetaData(), Column("Id", BigInteger), Column("name", String))
        engine = connect(url, ssl_ca=str(tmp_path / "ours.pem"))
        with engine.connect() as reader:
            copies = table_copies.copy_tables(reader, {table: 1}, tmp_path)
            assert open_duckdb().execute(copies["repos"].query).fetchall() == [(7, "octo-org/app")]
            # Whoever answers instead of it from here on is not trusted.
            theirs.sign(tmp_path, OTHER)
            cursor.execute(RELOAD[engine_name])
            assert table_copies.copy_tables(reader, {table: 1}, tmp_path) == {}
        engine.dispose()
    assert "read row by row" in caplog.text


@pytest.mark.skipif(not BUILT_WITH_TLS.is_dir(), reason="no postgresql-15 of Debian's")
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_table_of_another_machines_postgresql_is_copied_over_tls_that_proves_itself(
    engine_name: str,
    private_server: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    ours, theirs = Authority("ours"), Authority("theirs")
    (tmp_path / "both.pem").write_bytes(theirs.pem() + ours.pem())
    folder = leftovers.session_dir() / "postgresql-tls-of-the-lake"  # which the server may read
    folder.mkdir()
    monkeypatch.setenv("POSTGRESQL_BIN", str(BUILT_WITH_TLS))
    server = private_server(*certify(ours, folder, OTHER))
    plain = psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True)
    with closing(plain):
        plain.execute("CREATE TABLE repos (id BIGINT PRIMARY KEY, name TEXT)")
        plain.execute("INSERT INTO repos VALUES (7, 'octo-org/app')")
        plain.execute("CREATE ROLE reader LOGIN PASSWORD 'it''s \\secret'")
        plain.execute("GRANT SELECT ON repos TO reader")
        # Whoever is not over TLS with this password is not let in.
        rules = plain.execute("SHOW hba_file").fetchone()
        assert rules
        Path(rules[0]).write_text(
            f"hostssl all reader {OTHER}/0 scram-sha-256\nlocal all all trust\n"
            f"hostnossl all reader {OTHER}/0 reject\nhost all all {OTHER}/0 trust\n"
        )
        plain.execute("SELECT pg_reload_conf()")
        place = make_url(server.url).set(host=OTHER, username="reader", password="it's \\secret")
        table = Table("repos", MetaData(), Column("id", BigInteger), Column("name", String))
        engine = connect(place, ssl_ca=str(tmp_path / "both.pem"))
        with engine.connect() as reader:
            copies = table_copies.copy_tables(reader, {table: 1}, tmp_path)
            assert open_duckdb().execute(copies["repos"].query).fetchall() == [(7, "octo-org/app")]
            # Whoever answers instead of it from here on is not trusted.
            Authority("nobody's").sign(folder, OTHER)
            plain.execute("SELECT pg_reload_conf()")
            assert table_copies.copy_tables(reader, {table: 1}, tmp_path) == {}
        engine.dispose()
    shutil.rmtree(folder)
    (said,) = caplog.records
    assert "certificate verify failed" in str(vars(said))
    assert "secret" not in str(vars(said))
