"""While the schema is upgraded, what runs goes on: the release before, and whoever reads."""

import io
import subprocess
import sys
import tarfile
import threading
import time
import warnings
from itertools import chain
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from engines import connect
from schema import migrate
from store.deliveries.table import DeliveryFilter
from store.doors.replay import replay
from tests.counts import ALL
from tests.torture.oracle import verdict
from tests.torture.sender import Sender, noted
from tests.torture.shots import shots
from tests.torture.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = sorted((ROOT / "schema/migrations/versions").glob("0*.py"))
TEXTS = [file.read_text() for file in MIGRATIONS]
(NEWEST,) = (
    file
    for file in MIGRATIONS
    if not any(f'down_revision = "{file.name[:4]}"' in text for text in TEXTS)
)
DELIVERIES = 240
TRIED = 10


def git(*words: str) -> bytes:
    """Return what git says about this tree; nothing where it knows nothing."""
    try:
        return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


def release_before(folder: Path) -> Path | None:
    """Unpack the last commit without the newest migration whose listener starts at all.

    Returns None where git does not know such a commit.
    """
    name = str(NEWEST.relative_to(ROOT))
    added = git("log", "--diff-filter=A", "--format=%H", "--", name).decode().split()
    before = f"{added[-1]}^" if added else "HEAD"
    for commit in git("log", "--format=%H", f"-{TRIED}", before, "--").decode().split():
        tree = folder / commit
        with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
            archive.extractall(tree, filter="data")
        asked = [sys.executable, str(tree / "listener.py"), "--help"]
        if subprocess.run(asked, cwd=tree, check=False, capture_output=True).returncode == 0:
            return tree
    return None


@pytest.mark.parametrize("engine_name", ["mysql", "mariadb"] if ALL else ["mysql"], indirect=True)
def test_release_before_writes_on_while_the_schema_is_upgraded(engine_name: str, tmp_path: Path):
    old = release_before(tmp_path)
    if old is None:
        warnings.warn(
            "NOT TESTED: this clone does not have the commit before the newest migration"
            " (a shallow clone, or no git), so no release before could be run",
            stacklevel=1,
        )
        return
    stage = Stage(engine_name, tmp_path / "listener", door=(str(old / "listener.py"),))
    try:
        stage.start()
        was = version(stage.url)
        assert was != NEWEST.name[:4]
        sender = Sender(stage.port, shots(1, DELIVERIES), tmp_path)
        sender.pace = 0.05
        sender.start(4)
        wait_until_stored(sender, DELIVERIES // 4)
        migrate.upgrade(stage.url)
        upgraded = time.monotonic()
        assert version(stage.url) == NEWEST.name[:4]
        sender.join(120)
        later = {one.status for one in sender.answers if one.asked > upgraded}
        assert "applied" in later
        assert {one.code for one in sender.answers} <= {200, 202}
        stage.kill_all_and_stay()
        roll_back(stage.url, was)
        stage.start()
        again = Sender(stage.port, shots(2, 20), tmp_path)
        again.start(1)
        again.join(60)
        assert again.statuses()["applied"] == 20
        stage.kill_all_and_stay()
        stage.door = (str(ROOT / "listener.py"),)
        stage.start()  # on an older schema: it spools, until it is there
        migrate.upgrade(stage.url)
        stage.wait_until_drained()
        engine = stage.engine()
        for _ in replay(engine, DeliveryFilter(), ()):  # what that release mapped otherwise
            pass
        those = chain(shots(1, DELIVERIES), shots(2, 20))
        assert verdict(engine, those, noted(tmp_path), tmp_path).is_good
        engine.dispose()
    finally:
        stage.close()


def roll_back(url: str, revision: str) -> None:
    """Tell the database its old number, as docs/upgrading.md says."""
    engine = connect(url)
    with engine.begin() as connection:
        told = sa.text("UPDATE alembic_version SET version_num = :old")
        connection.execute(told, {"old": revision})
    engine.dispose()


def version(url: str) -> str:
    """Return the revision of a database."""
    engine = connect(url)
    try:
        with engine.connect() as connection:
            query = sa.text("SELECT MIN(version_num) FROM alembic_version")
            return str(connection.execute(query).scalar_one())
    finally:
        engine.dispose()


def wait_until_stored(sender: Sender, number: int) -> None:
    """Wait until so many deliveries were acknowledged."""
    until = time.monotonic() + 120
    while sender.stored < number:
        assert time.monotonic() < until, f"{sender.stored} were stored"
        time.sleep(0.02)


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_open_snapshot_holds_an_upgrade_up_and_neither_breaks(engine_name: str, database_url: str):
    config = Config()
    config.set_main_option("script_location", str(ROOT / "schema/migrations"))
    engine = connect(database_url, read_seconds=60)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        connection.commit()
    count = sa.text("SELECT COUNT(*) FROM workflowruns")
    upgrading = threading.Thread(target=migrate.upgrade, args=(database_url,))
    waits = []
    with engine.connect() as analyst, engine.connect() as another:
        analyst.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        assert analyst.execute(count).scalar_one() == 0
        upgrading.start()
        until = time.monotonic() + 6
        while time.monotonic() < until:
            began = time.monotonic()
            another.execute(count).scalar_one()
            another.rollback()
            waits.append(time.monotonic() - began)
            time.sleep(0.05)
        assert upgrading.is_alive()  # the table is in use
        assert analyst.execute(count).scalar_one() == 0
        analyst.rollback()
    upgrading.join(120)
    assert not upgrading.is_alive()
    assert migrate.state(engine) == "current"
    assert max(waits) < 20, "nobody waits for the whole snapshot"
    assert len(waits) > 3
    engine.dispose()
