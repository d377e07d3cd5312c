"""`run_feeds.py` as it is typed: what it prints, and its exit codes."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from feedrunner import load as loading
from feedrunner import runner
from feedrunner.cli import main
from feedrunner.load_notes import Load
from tests import own_code
from tests.feedrunner.feed import loads, printing, record, stored, write_feed

OF_OTHERS = "dotenv orjson sqlalchemy typing_extensions".split()
"""Packages of a load into SQLite, no driver of a server among them."""
OUR_ROOMS = "config engines feedrunner rows runtime schema store".split()
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_feed_that_is_written_for_a_newcomer_works(feeds: Path, engine: Engine):
    assert main(["new", "mine"]) == 0
    assert main(["--check"]) == 0
    assert main(["mine"]) == 0
    assert loads(engine) == [("mine", "done", 0, 1, 0, None)]


def test_dry_run_of_a_run_elsewhere_writes_nothing(
    feeds: Path, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_feed(feeds, "")
    (tmp_path / "lines").write_bytes(record("packages", name="apple"))
    assert main(["shop", "--dry-run", "--from", str(tmp_path / "lines")]) == 0
    assert capsys.readouterr().out == "shop: 1 line, 1 row would change, 0 would be gone\n"
    assert (stored(engine)["packages"], loads(engine)) == ([], [])


def test_failed_run_elsewhere_is_told_with_its_log(
    feeds: Path, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_feed(feeds, "")
    for name, text in [("stdout", ""), ("exit", "78\n"), ("stderr", "no token\x07\n")]:
        (tmp_path / "there").mkdir(exist_ok=True)
        (tmp_path / "there" / name).write_text(text)
    assert main(["shop", "--from", str(tmp_path / "there")]) == 1
    assert capsys.readouterr().err.endswith(
        "(it is not set up); 0 lines, 0 rows changed, 0 gone\n  no token\ufffd\n"
    )
    assert loads(engine)[0][:3] == ("shop", "failed", 78)


def test_failed_feed_and_a_wrong_manifest_stop_no_other(
    feeds: Path, engine: Engine, capsys: pytest.CaptureFixture[str]
):
    write_feed(feeds, "import sys; print('no token', file=sys.stderr); sys.exit(78)", "first")
    (feeds / "second").mkdir()
    (feeds / "second/feed.toml").write_text("streams = 1")
    write_feed(feeds, printing([record("packages", name="apple")]), "third")
    assert main([]) == 2
    said = capsys.readouterr()
    assert "run_feeds.py: first: failed: ended with exit code 78 (it is not set up)" in said.err
    assert "  no token\n" in said.err
    assert "run_feeds.py: feeds/second/feed.toml: streams is not a list of some of" in said.err
    assert "third: 1 line, 1 row changed, 0 gone\n" in said.out
    assert [name for _, name, _ in stored(engine)["packages"]] == ["apple"]


def test_line_that_no_database_may_repeat_stops_no_other_feed(feeds: Path, engine: Engine):
    half = b'{"type":"RECORD","stream":"\\ud800","record":{"name":NaN}}'
    nul = b'{"type":"RECORD","stream":"packages","record":{"a\\u0000b":1}}'
    for name, line in [("first", half), ("second", nul)]:
        write_feed(feeds, printing([line]), name)
    write_feed(feeds, printing([record("packages", name="apple")]), "third")
    assert main([]) == 1
    assert [(name, state, error) for name, state, _, _, _, error in loads(engine)] == [
        ("first", "failed", "line 1: ?.name: is NaN, which is no JSON: say null"),
        ("second", "failed", "line 1: packages.a?b: no such column"),
        ("third", "done", None),
    ]


def test_mistake_of_ours_in_one_load_is_its_failure_and_stops_no_other(
    feeds: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    for name in ("first", "second"):
        write_feed(feeds, printing([record("packages", name=name)]), name)
    written = loading.write

    def write(connection: Connection, load: Load, *rows: Any) -> Any:
        if load.feed == "first":
            raise TypeError("no such thing")
        return written(connection, load, *rows)

    monkeypatch.setattr(loading, "write", write)
    assert main([]) == 1
    assert [(name, state, error) for name, state, _, _, _, error in loads(engine)] == [
        ("first", "failed", "a mistake of ours: TypeError: no such thing"),
        ("second", "done", None),
    ]
    said = capfd.readouterr().err
    assert "run_feeds.py: first: failed: a mistake of ours: TypeError: no such thing;" in said
    assert 'raise TypeError("no such thing")' in said


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (TypeError("odd"), "a mistake of ours: TypeError: odd"),
        (OperationalError("", {}, Exception("gone")), "the database failed: Exception: gone"),
    ],
)
def test_load_that_cannot_be_noted_stops_no_other_feed(
    feeds: Path,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    why: str,
):
    for name in ("first", "second"):
        write_feed(feeds, printing([record("packages", name=name)]), name)
    noted = runner.note

    def note(engine: Engine, load: Load, *ended: Any) -> None:
        if load.feed == "first":
            raise error
        noted(engine, load, *ended)

    monkeypatch.setattr(runner, "note", note)
    assert main([]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[-1] == f"run_feeds.py: first: {why}"
    assert said.out == "second: 1 line, 1 row changed, 0 gone\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "FEEDS_DIR: "),
        (["--check"], "FEEDS_DIR: "),
        (["new"], "new: wants one name"),
        (["new", "../x"], "NAME: is not of lower-case letters"),
        (["--dry"], "usage: unknown option --dry"),
        (["--daemon", "--dry-run"], "--dry-run: does not go with --daemon"),
        (["shop", "--from", "x", "--from-each", "y"], "--from-each: does not go with --from"),
        (["--list", "--full"], "--full: does not go with --list"),
        (["--wait", "5"], "--wait: is of --from-each"),
        (["--beside"], "--beside: is of --daemon"),
        (["--from-each", ".", "--wait", "nan"], "--wait: is in seconds, from 0"),
    ],
)
def test_what_is_wrong_is_one_line(
    feeds: Path, capsys: pytest.CaptureFixture[str], words: list[str], why: str
):
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"run_feeds.py: {why}")


def test_program_beside_its_manifest_may_be_named_with_a_dot(
    feeds: Path, engine: Engine, capsys: pytest.CaptureFixture[str]
):
    script = write_feed(feeds, "").folder / "fetch.sh"
    manifest = script.with_name("feed.toml")
    manifest.write_text(manifest.read_text().replace('"python shop.py"', '"./fetch.sh"'))
    script.write_text("#!/bin/sh\necho '" + record("packages", name="apple").decode() + "'\n")
    assert main(["--check"]) == 2
    told = f"WRONG shop: command: {script} may not be run: chmod +x\n"
    assert capsys.readouterr().out.startswith(told)
    script.chmod(0o755)
    assert (main(["--check"]), main(["shop"])) == (0, 0)
    assert [row[1] for row in stored(engine)["packages"]] == ["apple"]


def test_folder_of_no_run_is_no_load(feeds: Path, engine: Engine, tmp_path: Path):
    write_feed(feeds, "")
    assert main(["shop", "--from", str(tmp_path)]) == 1
    assert loads(engine)[0][5] == f"nothing of a run: no stdout, no STREAM.ndjson: {tmp_path}"


def test_name_of_no_feed_says_which_there_are(feeds: Path, capsys: pytest.CaptureFixture[str]):
    write_feed(feeds, "", "shop")
    assert main(["shpo"]) == 2
    assert capsys.readouterr().err.endswith("holds no feed 'shpo'; there is: shop\n")


def test_load_imports_no_more_than_it_needs(feeds: Path):
    write_feed(feeds, "")
    command = [sys.executable, "-X", "importtime", str(own_code.ROOT / "run_feeds.py"), "shop"]
    loaded = subprocess.run(
        [*command, "--from", os.devnull], capture_output=True, text=True, check=True, timeout=60
    )
    names = {line.rpartition("|")[2].strip() for line in loaded.stderr.splitlines()}
    packages = {name.partition(".")[0] for name in names}
    installed = packages_distributions().keys() - {"_distutils_hack"}  # started by a .pth file
    assert packages & installed == {*OF_OTHERS}
    assert packages & {*own_code.ROOMS} == {*OUR_ROOMS}
    dialects = {name for name in names if name.startswith("sqlalchemy.dialects.")}
    assert {name.split(".")[2] for name in dialects} <= {"_typing", "mysql", "sqlite"}
    assert "rows.sources" not in names
