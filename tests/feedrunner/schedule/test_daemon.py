"""What the daemon loads, and what it keeps of how that went."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import reading
from feedrunner.manifest import Manifest
from feedrunner.runner import run_feed
from feedrunner.schedule import daemon
from feedrunner.schedule.feed_health import forget_others, put_outcome
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


def watched(engine: sa.Engine) -> list[tuple]:
    with reading(engine).connect() as connection:
        return [(row.name, row.state, row.detail) for row in health.rows(connection)]
