"""The spool keeps what it took: over processes, kills, full disks and torn files."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from store.deliveries import spool_file
from store.deliveries.spool import Spool, SpoolError
from store.deliveries.spool_file import Entry
from store.deliveries.table import Delivery
from tests.counts import count

ROOT = Path(__file__).resolve().parents[3]
TIME = datetime(2026, 3, 2, 12, 30, 15, 250)

PUTS = """
import sys
from datetime import datetime
from pathlib import Path
from store.deliveries.table import Delivery
from store.deliveries.spool import Spool, SpoolError
from store.deliveries.spool_file import Entry
spool, name = Spool(Path(sys.argv[1])), sys.argv[2]
for number in range(int(sys.argv[3])):
    guid = f"{name} {number}"
    delivery = Delivery("github", guid, 1, "push", None, None, datetime(2026, 3, 2), b"{}" * 500)
    while True:
        try:
            spool.put(delivery)
            break
        except SpoolError as error:  # refused after its wait, as a busy disk may: sent again
            if "database is locked" not in str(error):
                raise
    print(guid, flush=True)
"""


def delivery(guid: str, body: bytes = b"{}", time: datetime = TIME) -> Delivery:
    return Delivery("github", guid, 7, "push", None, "octo-org/app", time, body)


def guids(found: list[Entry]) -> list[str]:
    return [one.delivery.guid for one in found]


def test_delivery_comes_out_as_it_went_in(tmp_path: Path):
    body = bytes(range(256)) * 100
    Spool(tmp_path / "a" / "spool").put(delivery("g", body))
    (one,) = Spool(tmp_path / "a" / "spool").take(10)
    assert one.delivery == Delivery("github", "g", 7, "push", None, "octo-org/app", TIME, body)


def test_taken_deliveries_stay_until_they_are_removed(tmp_path: Path):
    waiting = Spool(tmp_path)
    for guid in "abc":
        waiting.put(delivery(guid))
    first = waiting.take(2)
    assert guids(first) == ["a", "b"]
    assert guids(waiting.take(10, after=first[1].number)) == ["c"]
    waiting.remove([one.number for one in first])
    assert (guids(waiting.take(10)), waiting.count()) == (["c"], 1)


def test_guid_that_comes_twice_is_kept_twice(tmp_path: Path):
    waiting = Spool(tmp_path)
    waiting.put(delivery("g", b"{}"))
    waiting.put(delivery("g", b'{"other": 1}'))
    assert [one.delivery.body for one in waiting.take(10)] == [b"{}", b'{"other": 1}']


def test_oldest_is_the_time_of_the_first_that_waits(tmp_path: Path):
    waiting = Spool(tmp_path)
    assert waiting.oldest() is None
    waiting.put(delivery("late", time=datetime(2026, 3, 4)))
    waiting.put(delivery("early", time=datetime(2026, 3, 3)))
    assert waiting.oldest() == datetime(2026, 3, 3)


def test_large_bodies_are_taken_a_few_at_a_time_and_at_least_one(tmp_path: Path):
    waiting, huge = Spool(tmp_path), b" " * 20_000_000
    for guid in "abc":
        waiting.put(delivery(guid, huge))
    assert guids(waiting.take(10)) == ["a"]
    waiting.remove([1])
    assert guids(waiting.take(10)) == ["b"]


def test_removed_entries_give_their_room_back_to_the_disk(tmp_path: Path):
    waiting = Spool(tmp_path)
    for number in range(40):
        waiting.put(delivery(str(number), os.urandom(100_000)))
    waiting.remove([one.number for one in waiting.take(40)])
    waiting.shrink()
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes["spool.db"] + sizes["spool.db-wal"] < 200_000


def test_commits_are_synced_to_the_disk(tmp_path: Path):
    waiting = Spool(tmp_path)
    waiting.check()
    connection, _ = waiting.opened or (None, None)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_eight_processes_fill_one_new_spool_and_nothing_is_lost(tmp_path: Path):
    each = count(60, 1000)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PUTS, str(tmp_path / "s"), f"p{number}", str(each)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    told = [guid for process in started for guid in process.communicate()[0].split("\n")[:-1]]
    assert [process.returncode for process in started] == [0] * 8
    assert len(told) == 8 * each
    assert sorted(guids(Spool(tmp_path / "s").take(8 * each))) == sorted(told)


def test_entry_that_another_process_adds_while_they_are_counted_is_not_missing(tmp_path: Path):
    Spool(tmp_path).put(delivery("first"))
    file = sqlite3.connect(tmp_path / "spool.db")

    class PutBetween:
        """A connection after whose list of entries another process puts one more."""

        def execute(self, statement: str):
            rows = file.execute(statement).fetchall()
            if statement == spool_file.NUMBERS:
                Spool(tmp_path).put(delivery("second"))
            return iter(rows) if statement == spool_file.NUMBERS else file.execute(statement)

    spool_file.check_count(PutBetween(), tmp_path)
    file.close()
    assert Spool(tmp_path).count() == 2


def test_writer_killed_at_any_moment_loses_nothing_it_was_told_is_stored(tmp_path: Path):
    told: list[str] = []
    for kill in range(count(5, 40)):
        process = subprocess.Popen(
            [sys.executable, "-c", PUTS, str(tmp_path), f"k{kill}", "100000"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        told += [process.stdout.readline().strip() for _ in range(1 + 10 * (kill % 7))]
        time.sleep(0.001 * kill)
        process.send_signal(signal.SIGKILL)
        told += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.wait()
    kept = guids(Spool(tmp_path).take(10_000_000))
    assert len(told) > 50
    assert set(told) - set(kept) == set()


def test_log_cut_at_any_length_keeps_every_delivery_whose_commit_is_whole(tmp_path: Path):
    live, copy = Spool(tmp_path / "live"), tmp_path / "copy"
    live.check()
    log = tmp_path / "live" / "spool.db-wal"
    lengths = []
    for number in range(12):
        live.put(delivery(f"g{number}", os.urandom(3000)))
        lengths.append(log.stat().st_size)
    whole = log.read_bytes()
    for length in range(0, len(whole), count(1999, 211)):
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        shutil.copy(tmp_path / "live" / "spool.db", copy / "spool.db")
        (copy / "spool.db-wal").write_bytes(whole[:length])
        stored = Spool(copy)
        expected = [f"g{number}" for number, end in enumerate(lengths) if end <= length]
        assert guids(stored.take(100)) == expected, length
        stored.close()


def test_full_disk_is_an_error_and_room_again_heals_without_a_restart(tmp_path: Path):
    waiting = Spool(tmp_path)
    waiting.put(delivery("before"))
    connection, _ = waiting.opened or (None, None)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 3}")  # for this connection only
    with pytest.raises(SpoolError, match="full"):
        waiting.put(delivery("too much", os.urandom(500_000)))
    waiting.put(delivery("after", os.urandom(500_000)))
    assert guids(waiting.take(10)) == ["before", "after"]


def test_reading_a_spool_anew_writes_nothing_that_a_full_disk_would_refuse(tmp_path: Path):
    first = Spool(tmp_path)
    first.put(delivery("before"))
    first.close()
    again = Spool(tmp_path)
    assert guids(again.take(10)) == ["before"]
    assert again.file.with_name("spool.db-wal").stat().st_size == 0
    again.close()


def test_folder_that_is_a_file_is_an_error(tmp_path: Path):
    (tmp_path / "spool").write_text("not a folder")
    with pytest.raises(SpoolError, match="spool"):
        Spool(tmp_path / "spool").put(delivery("g"))


def test_file_that_is_no_database_is_put_aside_as_it_is_and_a_new_one_begun(tmp_path: Path):
    (tmp_path / "spool.db").write_text("not a database, but somebody may need it" * 100)
    Spool(tmp_path).put(delivery("g"))
    assert guids(Spool(tmp_path).take(10)) == ["g"]
    kept = [file.read_text() for file in (tmp_path / "damaged").glob("spool-*.db")]
    assert kept == ["not a database, but somebody may need it" * 100]


def test_folder_removed_meanwhile_is_made_anew(tmp_path: Path):
    waiting = Spool(tmp_path / "spool")
    waiting.put(delivery("gone"))
    shutil.rmtree(tmp_path / "spool")
    waiting.put(delivery("kept"))
    assert guids(Spool(tmp_path / "spool").take(10)) == ["kept"]


def test_writer_that_holds_the_lock_too_long_is_an_error_in_time(tmp_path: Path):
    waiting = Spool(tmp_path)
    waiting.check()
    other = sqlite3.connect(tmp_path / "spool.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(SpoolError, match="locked"):
        waiting.put(delivery("g"))
    assert 1 < time.monotonic() - began < 6
    other.execute("ROLLBACK")
    waiting.put(delivery("g"))
    assert waiting.count() == 1
    other.close()
