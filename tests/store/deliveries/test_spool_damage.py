"""Whatever happens to the spool's files: what is whole comes out, and what is not is named."""

import json
import random
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from store.deliveries.spool import Spool
from store.deliveries.spool_count import SpoolCount, read_count
from store.deliveries.spool_damage import damaged
from tests.counts import count
from tests.damage.spool import befall, count_named, delivery, drain, fill, without_count

TIME = datetime(2026, 3, 2, 12, 30)


@pytest.mark.parametrize("part", range(5))
def test_spool_damaged_anywhere_gives_what_is_whole_and_names_the_rest(tmp_path: Path, part: int):
    for seed in range(part, count(60, 500), 5):
        folder = tmp_path / str(seed)
        outcome = befall(folder, seed)
        assert outcome.silent == 0, f"seed {seed}: {outcome.where}"
        # The first ten were removed: their bytes may be in the file still, and come once more.
        others = [one for one in outcome.taken if one not in outcome.waiting]
        assert {one.guid for one in others} <= {f"guid-{number}" for number in range(1, 11)}
        after = delivery(99, random.Random(seed))
        Spool(folder).put(after)
        assert drain(folder) == [after], f"seed {seed}: {outcome.where}"


def test_damage_without_the_count_is_lost_in_silence(tmp_path: Path):
    with without_count():
        outcomes = [befall(tmp_path / str(seed), seed) for seed in range(12)]
    assert sum(one.silent for one in outcomes) > 0


def test_entry_whose_bytes_changed_is_put_aside_and_its_neighbours_come_out(tmp_path: Path):
    waiting = fill(tmp_path, 3, random.Random(1))
    with sqlite3.connect(tmp_path / "spool.db") as connection:
        connection.execute("UPDATE entries SET repo = 'octo-org/other' WHERE Id = 2")
    assert drain(tmp_path) == [waiting[0], waiting[2]]
    (file,) = damaged(tmp_path)
    assert file.name == "entry-2.json"
    assert json.loads(file.read_text())["repo"] == "octo-org/other"


def test_damaged_head_of_the_file_loses_nothing(tmp_path: Path):
    waiting = fill(tmp_path, 20, random.Random(2))
    Spool(tmp_path).shrink()  # all is in the file, nothing in its log
    data = (tmp_path / "spool.db").read_bytes()
    (tmp_path / "spool.db").unlink()
    (tmp_path / "spool.db-wal").unlink(missing_ok=True)
    (tmp_path / "spool.db-shm").unlink(missing_ok=True)
    (tmp_path / "spool.db").write_bytes(bytes(100) + data[100:])
    assert drain(tmp_path) == waiting
    assert [file.suffix for file in damaged(tmp_path)] == [".db", ".json"]
    assert count_named(tmp_path) == 0


def test_log_that_is_gone_is_noticed_by_the_count(tmp_path: Path):
    chance, spool = random.Random(3), Spool(tmp_path)
    waiting = [delivery(number, chance) for number in range(5)]
    for one in waiting[:2]:
        spool.put(one)
    spool.shrink()  # the file is whole by itself, and what follows is in its log alone
    for one in waiting[2:]:
        spool.put(one)
    kept = (tmp_path / "spool.db").read_bytes()
    spool.close()
    (tmp_path / "spool.db").write_bytes(kept)
    assert drain(tmp_path) == waiting[:2]
    assert count_named(tmp_path) == 3


def test_count_of_an_emptied_spool_says_that_nothing_is_missing(tmp_path: Path):
    waiting = fill(tmp_path, 12, random.Random(4))
    assert drain(tmp_path) == waiting
    assert read_count(tmp_path) == SpoolCount(acknowledged=12, removed=12, emptied=12)
    assert damaged(tmp_path) == []


def test_count_that_is_damaged_is_begun_anew(tmp_path: Path):
    waiting = fill(tmp_path, 12, random.Random(5), removed=5)
    (tmp_path / "spool.count").write_bytes(b"\0" * 51)
    assert drain(tmp_path) == waiting
    assert damaged(tmp_path) == []


def test_spool_of_an_earlier_release_is_read(tmp_path: Path):
    waiting = fill(tmp_path, 3, random.Random(6))
    (tmp_path / "spool.count").unlink()
    with sqlite3.connect(tmp_path / "spool.db") as connection:
        connection.execute("ALTER TABLE entries DROP COLUMN digest")
    assert drain(tmp_path) == waiting
    assert damaged(tmp_path) == []


def test_replacement_that_was_killed_is_finished_by_the_next(tmp_path: Path):
    waiting = fill(tmp_path / "new", 3, random.Random(7))
    Spool(tmp_path / "new").shrink()
    other = Spool(tmp_path)
    other.check()
    (tmp_path / "new/spool.db").rename(tmp_path / "spool.whole.db")
    assert drain(tmp_path) == waiting
    other.put(waiting[0])
    assert drain(tmp_path) == [waiting[0]]


def test_process_with_the_old_file_open_goes_on_in_the_new_one(tmp_path: Path):
    first, second = Spool(tmp_path), Spool(tmp_path)
    chance = random.Random(8)
    waiting = [delivery(number, chance) for number in range(4)]
    first.put(waiting[0])
    second.put(waiting[1])
    with second.lock:
        second.renew("by this test")
    second.put(waiting[2])
    first.put(waiting[3])  # closes the old file
    second.close()
    assert drain(tmp_path) == waiting
