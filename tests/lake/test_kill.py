"""A sync that is killed anywhere: the next one leaves every row once.

In `make test` of an SQLite store and a catalog in a file; `make test-lake` has all of them.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, update

from config.lake_place import read_lake
from engines.transaction import transact
from lake import marks
from lake.catalog import open_lake
from lake.sync import last_sync
from schema import migrate
from schema.tables.ci import jobs, repos
from store import delete_repository
from store.write import renames
from tests import databases
from tests.counts import ALL
from tests.lake import lakes, s3

KILLS = 40 if ALL else 3
RUNS = 40
ROOT = Path(__file__).resolve().parent.parent.parent
STORES = databases.ENGINES if ALL else ("sqlite",)
PLACES = ("sqlite, folder", "postgresql, bucket") if ALL else ("sqlite, folder",)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the settings of a lake."""
    if request.param == "sqlite, folder":
        folder = f"{tmp_path}/lake"
        yield {"LAKE_CATALOG": f"sqlite:{folder}/c.sqlite", "LAKE_DATA": f"{folder}/files"}
        return
    with databases.fresh("postgresql", tmp_path) as url, s3.started() as server:
        at = make_url(url)
        host = at.host or at.query.get("host")
        catalog = f"host={host} port={at.port} dbname={at.database} user={at.username}"
        yield {"LAKE_CATALOG": f"postgres:{catalog}", **server.settings}


def run(arguments: Sequence[str], environ: dict[str, str], kill_after: float | None = None) -> None:
    """Run lake.py to its end, or kill it after so many seconds."""
    command = [sys.executable, str(ROOT / "lake.py"), *arguments]
    if kill_after is None:
        subprocess.run(command, env=environ, check=True, capture_output=True)
        return
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:
        process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()


def change(pair: lakes.Pair, chance: random.Random, number: int) -> None:
    """Change the store as its life does: runs, roll-ups, a name, a repository that is forgotten."""
    pair.touch(chance.sample(range(RUNS), 12), f"change {number}")
    if number % 2:
        pair.make_rollups()
    if number % 5 == 2:
        with pair.engine.begin() as connection:
            named = update(repos).where(repos.c.Id == 7).values(name=f"octo-org/name-{number}")
            connection.execute(named)
            renames.schedule(connection, 7)
        while renames.rewrite(pair.engine):
            pass
    if number == KILLS - 1:
        delete_repository.forget(pair.engine, ("github", 9))


@pytest.mark.parametrize("engine_name", STORES, indirect=True)
@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_sync_killed_anywhere_is_continued_and_every_row_is_there_once(
    database_url: str, tmp_path: Path, place: dict[str, str]
):
    migrate.upgrade(database_url)
    pair = lakes.make(database_url, tmp_path, RUNS)._replace(place=read_lake(place, tmp_path))
    environ = {**os.environ, "DATABASE_URL": database_url, **place}
    began = time.monotonic()
    run(["sync"], environ)
    longest = time.monotonic() - began
    chance = random.Random(4)
    for number in range(KILLS):
        change(pair, chance, number)
        run(["sync"], environ, kill_after=chance.uniform(0.3, 1.0) * longest)
    run(["sync"], environ)
    assert pair.differences() == []
    with pair.engine.connect() as connection:
        stored = connection.scalar(select(func.count()).select_from(jobs))
    assert pair.ask("SELECT count(*), count(DISTINCT Id) FROM jobs") == [(stored, stored)]
    assert pair.ask("SELECT count(*) FROM jobs WHERE repoid = 9") == [(0,)]
    run(["check"], environ)


SYNC = """
import sys, time
from lake import cli, extensions

def sync_all(*_, **__):
    while True:
        try:
            print("begun", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            if {is_lost}:
                continue  # as DuckDB does now and then
            raise

extensions.END_SECONDS = 0.2
cli.sync_all = sync_all
sys.exit(cli.main(["sync"]))
"""


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sync_that_is_told_to_end_leaves_no_folder_behind(
    tmp_path: Path, number: int, *, is_lost: bool
):
    url, folder = f"sqlite:///{tmp_path}/store.db", tmp_path / "temporary"
    migrate.upgrade(url)
    folder.mkdir()
    environ = {**os.environ, "DATABASE_URL": url, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    environ |= {"LAKE_CATALOG": f"sqlite:{tmp_path}/lake/c.sqlite"}
    environ |= {"LAKE_DATA": f"{tmp_path}/lake/files"}
    command = [sys.executable, "-c", SYNC.format(is_lost=is_lost)]
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        assert [*folder.iterdir()]
        process.send_signal(number)
        assert process.wait(60) == 130
    assert [*folder.iterdir()] == []


@pytest.mark.skipif(not ALL, reason="in make test-lake")
def test_two_stores_that_sync_at_once_leave_every_row_once(tmp_path: Path):
    pairs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        url = f"sqlite:///{tmp_path}/{name}/store.db"
        migrate.upgrade(url)
        pairs.append(lakes.make(url, tmp_path, RUNS))
    folder = f"{tmp_path}/lake"
    place = {"LAKE_CATALOG": f"sqlite:{folder}/c.sqlite", "LAKE_DATA": f"{folder}/files"}
    environs = [{**os.environ, **place, "DATABASE_URL": str(pair.engine.url)} for pair in pairs]
    for number in range(4):
        for pair in pairs:
            pair.touch(range(RUNS), f"{pair.engine.url.database} {number}")
        command = [sys.executable, str(ROOT / "lake.py"), "sync"]
        both = [subprocess.Popen(command, env=each, stderr=subprocess.PIPE) for each in environs]
        for process in both:
            _, error = process.communicate()
            assert process.returncode == 0 or b"try again" in error, error
    for pair, environ in zip(pairs, environs, strict=True):
        run(["sync"], environ)
        assert pair.differences() == []
        assert pair.ask("SELECT count(*), count(DISTINCT Id) FROM workflowruns") == [(RUNS, RUNS)]


def test_marks_that_are_taken_back_before_the_lake_has_their_rows_are_lost(tmp_path: Path):
    """The control: the order that sync keeps is what saves them."""
    url = f"sqlite:///{tmp_path}/store.db"
    migrate.upgrade(url)
    pair = lakes.make(url, tmp_path, RUNS)
    pair.sync()
    pair.touch(range(12), "change")
    with closing(open_lake(pair.place)) as lake:
        last = last_sync(lake)
    assert last.sync is not None
    with pair.store.reader.connect() as reader:
        seen = marks.read(reader, 100)
    transact(pair.engine, lambda each: marks.end(each, last.lakeid, str(last.sync), seen))
    # Killed here, before the lake commits.
    pair.sync()
    assert {one.table for one in pair.differences()} == {"jobs", "workflowruns"}
