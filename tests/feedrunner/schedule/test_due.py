"""When a feed is due."""

import itertools
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from feedrunner.manifest import Manifest, read_manifest
from feedrunner.schedule.due import EPOCH, PastLoad, next_time, setup_hash, slot_after
from tests.feedrunner.feed import write_feed

NOON = datetime(2026, 11, 29, 12)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return write_feed(tmp_path, "")._replace(every=6 * 3600)


def load(exitcode: int | None = 0, error: str | None = None, start: datetime = NOON) -> PastLoad:
    return PastLoad("failed" if error else "done", start, start + MINUTE, exitcode, error)


def test_feed_that_was_never_loaded_is_due_at_once(manifest: Manifest):
    assert next_time(manifest, [], waits=False) == EPOCH


def test_slots_have_their_distance_and_differ_by_the_name(manifest: Manifest):
    slots = [slot_after(manifest, NOON + number * timedelta(hours=6)) for number in range(9)]
    assert {after - before for before, after in itertools.pairwise(slots)} == {timedelta(hours=6)}
    assert timedelta(hours=3) <= slots[0] - NOON <= timedelta(hours=9)
    assert slot_after(manifest, slots[0]) == slots[1]
    assert slot_after(manifest._replace(name="other"), NOON) != slots[0]


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (NOON, datetime(2026, 11, 30, 3, 17)),
        (datetime(2026, 11, 29, 3, 16, 59), datetime(2026, 11, 29, 3, 17)),
        (datetime(2026, 11, 1, 3, 17), datetime(2026, 11, 2, 3, 17)),  # overdue: once, at once
    ],
)
def test_time_of_day_is_the_next_one(manifest: Manifest, last: datetime, due: datetime):
    daily = manifest._replace(at=(3, 17), every=None)
    assert next_time(daily, [load(start=last)], waits=False) == due


@pytest.mark.parametrize("kind", [(75, "ended with exit code 75"), (None, "was killed")])
def test_what_is_to_be_tried_sooner_pauses_longer_each_time(manifest: Manifest, kind: tuple):
    failed, usual = load(*kind), slot_after(manifest, NOON)
    for number, pause in [(1, 1), (2, 5), (3, 30)]:
        loads = [*[failed] * number, load()]
        assert next_time(manifest, loads, waits=False) == NOON + MINUTE + pause * MINUTE
    assert next_time(manifest, [failed] * 4, waits=False) == usual
    assert next_time(manifest, [load(1, "ended with exit code 1")], waits=False) == usual


def test_feed_that_is_not_set_up_waits_until_its_settings_change(manifest: Manifest):
    failed = [load(78, "ended with exit code 78 (it is not set up)")]
    assert next_time(manifest, failed, waits=True) is None
    assert next_time(manifest, failed, waits=False) == EPOCH


def test_hash_of_settings_changes_with_manifest_and_sources_alone(
    manifest: Manifest, tmp_path: Path
):
    token = tmp_path / "token"
    token.write_text("a")
    given = {"SOURCE_SHOP_TOKEN_FILE": str(token), "OTHER": "1"}
    shop = manifest._replace(sources=("shop",))
    before = setup_hash(shop, given)
    assert setup_hash(shop, {**given, "OTHER": "2"}) == before
    assert setup_hash(shop, {**given, "SOURCE_SHOP_URL": "https://x"}) != before
    token.write_text("b")
    assert setup_hash(shop, given) != before
    before = setup_hash(shop, given)
    path = manifest.folder / "feed.toml"
    path.write_text(path.read_text() + "\n# changed\n")
    assert setup_hash(read_manifest(path)._replace(sources=("shop",)), given) != before
