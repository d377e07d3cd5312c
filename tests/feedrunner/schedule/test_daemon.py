"""What the daemon loads, and what it keeps of how that went."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import reading
from feedrunner.feed_lease import Busy
from feedrunner.manifest import Manifest
from feedrunner.runner import run_feed
from feedrunner.schedule import daemon
from feedrunner.schedule.feed_health import forget_others, put_outcome
from schema.tables import packages as tables
from store.state import health
from tests.feedrunner.feed import loads, printing, record, write_feed

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_due_feeds_are_loaded_once_and_one_that_is_not_set_up_waits(
    engine: sa.Engine, tmp_path: Path
):
    write_feed(tmp_path, printing([record("packages", name="apple")]), "good")
    write_feed(tmp_path, "import sys; sys.exit(78)", "unset")
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong/feed.toml").write_text("")

    def load(manifest: Manifest) -> None:
        put_outcome(engine, manifest, {}, run_feed(engine, manifest, {}))

    own = daemon.Daemon(engine, tmp_path, (), {}, load, str)
    assert daemon.step(own) == (0.0, "feeds/wrong/feed.toml: command is missing")
    pause, _ = daemon.step(own)
    assert 0 < pause <= 60
    assert [row[:3] for row in loads(engine)] == [("good", "done", 0), ("unset", "failed", 78)]
    path = tmp_path / "unset/feed.toml"
    path.write_text(path.read_text() + "\n")
    daemon.step(own)
    assert [row[0] for row in loads(engine)] == ["good", "unset", "unset"]
    assert watched(engine) == [
        ("feed:unset", "bad", "ended with exit code 78 (it is not set up)"),
        ("feed:good", "good", "1 line, 1 row changed"),
    ]
    forget_others(engine, ["good"])
    assert [name for name, _, _ in watched(engine)] == ["feed:good"]


def test_feed_that_another_process_loads_for_long_is_looked_at_again_in_a_while(
    engine: sa.Engine, tmp_path: Path
):
    write_feed(tmp_path, "", "slow")

    def load(manifest: Manifest) -> None:
        raise Busy(f"{manifest.name} is loaded by another process")

    assert daemon.step(daemon.Daemon(engine, tmp_path, (), {}, load, str)) == (60.0, "")


def test_feed_that_no_place_is_there_for_is_told_once_and_tried_again(
    engine: sa.Engine, tmp_path: Path
):
    write_feed(tmp_path, "", "good")
    told, end = list[str](), Turns(3)

    def load(_: Manifest) -> None:
        raise OSError(28, "No space left on device", "/feed-good")

    daemon.work(daemon.Daemon(engine, tmp_path, (), {}, load, told.append), end)
    assert told == ["good: No space left on device: /feed-good"]
    assert end.pauses == [daemon.OUTAGE_SECONDS] * 3


def test_feed_that_fails_in_an_unknown_way_keeps_no_other_waiting(
    engine: sa.Engine, tmp_path: Path
):
    for name in ("bad", "good"):
        write_feed(tmp_path, printing([record("packages", name="apple")]), name)

    def load(manifest: Manifest) -> None:
        if manifest.name == "bad":
            raise TypeError("odd")
        run_feed(engine, manifest, {})

    own = daemon.Daemon(engine, tmp_path, (), {}, load, str)
    why = "bad: a mistake of ours: TypeError: odd"
    assert daemon.step(own) == (0.0, why)
    assert [row[:2] for row in loads(engine)] == [("good", "done")]
    assert daemon.step(own) == (daemon.OUTAGE_SECONDS, why)


class Turns(threading.Event):
    """An event that is set after some waits, of no time."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left, self.pauses = left, list[float | None]()

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        if len(self.pauses) == self.left:
            self.set()
        return self.is_set()


def test_load_of_a_clock_that_was_ahead_keeps_no_feed_waiting(engine: sa.Engine, tmp_path: Path):
    manifest = write_feed(tmp_path, printing([record("packages", name="apple")]), "good")
    run_feed(engine, manifest, {})
    with engine.begin() as connection:
        later = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=400)
        connection.execute(sa.update(tables.load_history).values(starttime=later, endtime=later))
    loaded = list[str]()
    own = daemon.Daemon(engine, tmp_path, (), {}, lambda each: loaded.append(each.name), str)
    daemon.step(own)
    assert loaded == ["good"]


def watched(engine: sa.Engine) -> list[tuple]:
    with reading(engine).connect() as connection:
        return [(row.name, row.state, row.detail) for row in health.rows(connection)]
