"""`python3 lake.py`: what a person types, and what it says."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from config.lake_place import read_lake
from lake import cli, maintain, query
from lake.catalog import open_lake
from lake.read_only import open_reader
from lake.sync import OtherStore
from schema import migrate
from schema.tables.ci import workflowruns
from tests.lake import lakes
from tests.own_code import ROOT


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    url = f"sqlite:///{tmp_path}/store.db"
    migrate.upgrade(url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    return lakes.make(url, tmp_path)._replace(place=lakes.place_of(tmp_path / "data"))


def test_a_day_with_the_lake(pair: lakes.Pair, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    for words in (["query", "SELECT 1"], ["maintain"], ["publish", "out"], ["site", "out"]):
        assert cli.main(words) == 2
        assert "there is no lake yet: python3 lake.py sync makes it" in capsys.readouterr().err
    assert cli.main(["sync"]) == 0
    assert capsys.readouterr().out.startswith("full sync: ")
    assert (tmp_path / "data/lake/catalog.sqlite").exists()

    with pair.engine.connect() as connection:
        is_asked = workflowruns.c.event == "pull_request"
        runs = connection.scalar(select(func.count()).where(is_asked))
    asked = "SELECT event, count(*) AS runs FROM workflowruns GROUP BY 1 ORDER BY 1 LIMIT 1"
    assert cli.main(["query", asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"event": "pull_request", "runs": runs}]
    assert cli.main(["query", asked, "--csv"]) == 0
    assert capsys.readouterr().out == f"event,runs\npull_request,{runs}\n"

    assert cli.main(["query", "DELETE FROM jobs"]) == 1
    assert "read-only" in capsys.readouterr().err
    assert cli.main(["query", asked, "--at", "2026-03-02 09:00"]) == 2
    assert "names no zone" in capsys.readouterr().err
    assert cli.main(["status"]) == 0
    assert "incremental" not in (out := capsys.readouterr().out)
    assert "full" in out

    pair.touch([4], "changed")
    assert cli.main(["check"]) == 0, "what came since the sync is no difference"
    assert cli.main(["sync"]) == 0
    with closing(open_lake(read_lake(), write=True)) as lake:
        lake.execute("UPDATE jobs SET name = 'other' WHERE Id = 7")
    assert cli.main(["check"]) == 1
    assert "DIFFERENT jobs 2026-0" in capsys.readouterr().out
    assert cli.main(["sync", "--full"]) == 0
    assert cli.main(["maintain"]) == 0
    assert cli.main(["check"]) == 0
    assert "the same in store and lake" in capsys.readouterr().out
    assert cli.main(["attach"]) == 0
    shell, python = capsys.readouterr().out.split("# Python, in this folder:\n")
    assert "ATTACH 'ducklake:sqlite:data/lake/catalog.sqlite' AS lake" in shell
    names: dict[str, Any] = {}
    exec(python, names)  # noqa: S102 - what a person is told to type
    assert names["con"].sql("SELECT count(*) FROM jobs").fetchone() == (200,)
    names["con"].close()


@pytest.mark.parametrize("words", [("SELECT 1", "--at", "TIME"), ("--at", "TIME", "SELECT 1")])
def test_flags_stand_before_or_after_the_statement(words: tuple[str, ...]):
    given = cli.command_line().read(["query", *words])
    assert (given["command"], given["argument"], given["at"]) == ("query", "SELECT 1", "TIME")


def test_command_that_is_none_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["sink"]) == 2
    assert "sync" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sync", "full"], "sync: takes no word behind it: is --full meant?"),
        (["check", "jobs"], "check: takes no word behind it"),
        (["site", "out", "--at", "2026-03-02 09:00Z"], "--at: is of query, not of site"),
        (["status", "--json"], "--json: is of query, not of status"),
        (["maintain", "--daemon"], "--daemon: is of sync, not of maintain"),
        (["query", "SELECT 1", "--csv", "--json"], "--csv: has no effect with --json"),
        (
            ["query", "SELECT 1", "--spreadsheet", "--json"],
            "--json: has no effect with --spreadsheet",
        ),
    ],
)
def test_word_that_a_command_would_ignore_is_refused(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(words) == 2
    assert capsys.readouterr().err == f"lake.py: {told}\n"


def test_place_or_catalog_that_cannot_be_is_one_sentence(
    pair: lakes.Pair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert cli.main(["attach"]) == 2
    assert "there is no lake yet" in capsys.readouterr().err
    (tmp_path / "file").write_text("no database" * 100)
    monkeypatch.setenv("LAKE_CATALOG", f"sqlite:{tmp_path}/file/catalog.sqlite")
    assert cli.main(["sync"]) == 1
    assert capsys.readouterr().err == f"lake.py: {tmp_path}/file cannot be used: File exists\n"
    monkeypatch.setenv("LAKE_CATALOG", f"sqlite:{tmp_path}/file")
    assert cli.main(["status"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("lake.py: the catalog is damaged, or no catalog (LAKE_CATALOG)")
    assert "nothing is lost" not in said


def test_daemon_waits_for_a_database_and_a_disk_that_come_back(
    pair: lakes.Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    errors = [
        OperationalError("SELECT 1", None, ConnectionResetError("gone away")),
        OSError(28, "No space left on device", "/full"),
        OtherStore("the lake has 40 runs"),
    ]
    monkeypatch.setattr(cli, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(cli, "sync_once", Mock(side_effect=errors))
    assert cli.main(["sync", "--daemon"]) == 1
    database, disk, other = capsys.readouterr().err.splitlines()
    assert database.startswith("lake.py: the database failed: ")
    assert disk == "lake.py: /full cannot be used: No space left on device"
    assert other == "lake.py: the lake has 40 runs"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device", "/full"), "/full cannot be used: No space left"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (TimeoutError("timed out"), "timed out"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_error_of_the_system_is_told_by_what_it_says(error: OSError, told: str):
    said = cli.sentence_of(error, None)
    assert said is not None
    assert said.startswith(told)


def test_reader_that_has_enough_is_no_failure_to_talk_about(pair: lakes.Pair):
    assert cli.main(["sync"]) == 0
    command = [sys.executable, str(ROOT / "lake.py"), "query", "--csv", "FROM range(3000000)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"range\n"
        process.stdout.close()
        assert process.stderr.read() == b""


NEVER = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_query_that_never_ends_ends_when_it_is_told_to(
    pair: lakes.Pair,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
):
    assert cli.main(["sync"]) == 0
    asked = query.ask

    def ask(*given: Any) -> None:
        threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
        asked(*given)

    monkeypatch.setattr(query, "ask", ask)
    before = signal.getsignal(signal.SIGTERM)
    assert cli.main(["query", NEVER]) == 130
    assert capsys.readouterr().err.startswith("lake.py: stopped; ")
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_does_not_fit_into_memory_goes_with_the_process(pair: lakes.Pair):
    pair.sync()
    command = [sys.executable, str(ROOT / "lake.py"), "query", "--csv"]
    command += ["SELECT current_setting('temp_directory')"]
    environ = {**os.environ, "LAKE_CATALOG": f"sqlite:{pair.place.catalog}"}
    environ |= {"LAKE_DATA": pair.place.data}
    said = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    place = Path(said.stdout.split()[-1])
    assert place.is_relative_to(tempfile.gettempdir())
    assert place.parent.parent.exists()
    assert not place.parent.exists()


@pytest.mark.parametrize("version", ["9.9", "0.3", "2.0-dev1"])
def test_catalog_of_another_ducklake_is_one_sentence(
    pair: lakes.Pair, version: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["sync"]) == 0
    with closing(sqlite3.connect("data/lake/catalog.sqlite")) as catalog, catalog:
        catalog.execute("UPDATE ducklake_metadata SET value = ? WHERE key = 'version'", (version,))
    for words in (["query", "SELECT 1"], ["status"], ["sync"], ["check"], ["maintain"]):
        assert cli.main(words) == 1
        told = f"lake.py: the catalog is of DuckLake {version}, and the DuckDB here reads 1.0: "
        assert capsys.readouterr().err.startswith(told)


def test_night_is_due_from_three_o_clock_on():
    assert maintain.night_of(datetime(2026, 3, 2, 2, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert maintain.night_of(datetime(2026, 3, 2, 3, 0, tzinfo=UTC)) == date(2026, 3, 2)


def test_open_transaction_of_an_analyst_reads_on_while_the_lake_is_maintained(pair: lakes.Pair):
    pair.sync()
    with open_reader(pair.place) as reader:
        reader.execute("BEGIN").execute("SELECT count(*) FROM jobs WHERE failedstep = 'later'")
        assert reader.fetchall() == [(0,)]
        pair.touch(range(20), "later")
        pair.sync()
        with closing(open_lake(pair.place, write=True)) as lake:
            assert maintain.maintain(lake).files
        reader.execute("SELECT count(*), count_if(failedstep = 'later'), count(labels) FROM jobs")
        assert reader.fetchall() == [(200, 0, 200)]
