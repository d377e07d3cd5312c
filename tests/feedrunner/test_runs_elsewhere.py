"""Runs elsewhere whose folder holds what it should not: the program there may be a stranger's."""

import json
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from feedrunner.cli import main
from tests.feedrunner.feed import loads, record, state, states, stored, write_feed

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SECRET = "DATABASE_PASSWORD=4711"


@pytest.fixture
def odd(engine: Engine, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a run elsewhere; that of the feed `pear` beside it is whole."""
    monkeypatch.setenv("DATABASE_URL", store_url)
    monkeypatch.setenv("FEEDS_DIR", str(tmp_path / "feeds"))
    for name in ("odd", "pear"):
        write_feed(tmp_path / "feeds", "", name)
        (tmp_path / "each" / name).mkdir(parents=True)
        (tmp_path / "each" / name / "exit").write_text("0\n")
    (tmp_path / "each" / "pear" / "stdout").write_bytes(record("packages", name="pear"))
    (tmp_path / "secret").write_text(SECRET)
    return tmp_path / "each" / "odd"


def load(odd: Path) -> int:
    return main(["odd", "pear", "--from-each", str(odd.parent)])


@pytest.mark.parametrize("name", ["stdout", "stderr", "points.ndjson", "exit"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_of_the_programs_own_is_not_read(
    odd: Path, engine: Engine, name: str, kind: str, capsys: pytest.CaptureFixture[str]
):
    (odd / "exit").write_text("3\n" if name == "stderr" else "0\n")
    (odd / name).unlink(missing_ok=True)
    if kind == "link":
        (odd / name).symlink_to(odd.parent.parent / "secret")
    elif kind == "pipe":
        os.mkfifo(odd / name)
    else:
        (odd / name).mkdir()
    assert load(odd) == 1
    assert loads(engine)[0][:2] == ("odd", "failed")
    assert [row[1] for row in stored(engine)["packages"]] == ["pear"]
    assert SECRET not in f"{capsys.readouterr()} {all_of(engine)}"


def all_of(engine: Engine) -> object:
    """Return what is kept of the loads, their logs too."""
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT * FROM load_history").fetchall()


@pytest.mark.parametrize("text", ["--1", "9" * 5000, "99999999999", "", "one", "0 0"])
def test_exit_that_is_no_code_is_a_failed_load_beside_the_others(
    odd: Path, engine: Engine, text: str
):
    (odd / "exit").write_text(text)
    assert load(odd) == 1
    assert [row[:3] for row in loads(engine)] == [("odd", "failed", 1), ("pear", "done", 0)]


def test_messages_in_a_file_are_those_that_would_be_printed(odd: Path, engine: Engine):
    sorted_keys = json.dumps(json.loads(record("packages", name="record")), sort_keys=True)
    long = json.dumps({"record": {"name": "apple", "readme": "x" * 300}, "stream": "packages"})
    lines = [sorted_keys, f'{long[:-1]}, "type": "RECORD"}}', state(at=7).decode()]
    (odd / "packages.ndjson").write_text("\n".join(lines))
    (odd / "package_urls.ndjson").write_text(
        '{"package": "record", "type": "homepage", "url": "https://record.example"}\n'
    )
    assert load(odd) == 0, loads(engine)
    assert [row[1] for row in stored(engine)["packages"]] == ["apple", "pear", "record"]
    assert states(engine)[0] == ("odd", '{"at":7}')


@pytest.fixture
def each(feeds: Path, tmp_path: Path) -> Path:
    """Give the runs elsewhere of three feeds: one is whole, one failed, one was killed."""
    for name in ("whole", "broken", "killed"):
        write_feed(feeds, "", name)
        (tmp_path / "each" / name).mkdir(parents=True)
    whole, broken, killed = (tmp_path / "each" / name for name in ("whole", "broken", "killed"))
    (whole / "packages.ndjson").write_text('{"name": "apple"}\n')
    (whole / "exit").write_text("0\n")
    (broken / "packages.ndjson").write_text('{"name": "half of a list"}\n')
    (broken / "stderr").write_text("no such host\n")
    (broken / "exit").write_text("3\n")
    (killed / "stdout").write_bytes(record("packages", name="pear") + b'{"type":"REC')
    return tmp_path / "each"


def test_runs_elsewhere_are_loaded_each_whatever_the_others_did(
    each: Path, engine: Engine, capsys: pytest.CaptureFixture[str]
):
    assert main(["whole", "broken", "killed", "--from-each", str(each)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "run_feeds.py: broken: failed: ended with exit code 3; 0 lines, 0 rows changed, 0 gone",
        "  no such host",
        "run_feeds.py: killed: failed: left no exit code: it was killed, or still runs;"
        " 0 lines, 0 rows changed, 0 gone",
    ]
    assert [load[:3] for load in loads(engine)] == [
        ("whole", "done", 0),
        ("broken", "failed", 3),
        ("killed", "failed", None),
    ]
    assert [row[1] for row in stored(engine)["packages"]] == ["apple"]


def test_run_elsewhere_that_ends_while_it_is_waited_for_is_loaded(each: Path, engine: Engine):
    ends = threading.Timer(0.3, (each / "killed" / "exit").write_text, ["0\n"])
    ends.start()
    (each / "killed" / "stdout").write_bytes(record("packages", name="pear"))
    assert main(["killed", "--from-each", str(each), "--wait", "60"]) == 0
    assert [row[1] for row in stored(engine)["packages"]] == ["pear"]
