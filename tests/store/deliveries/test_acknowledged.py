"""The count beside a file: what a cut log, an older copy or a file that is gone has lost."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engines import connect
from schema import migrate
from store.deliveries import acknowledged
from tests.store.production_doors import by_webhook, told
from tests.stories.plain import SUCCESS

SENT = told(SUCCESS)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Engine]:
    """Give a file of its own, with its first delivery written back to it."""
    engine = connect(f"sqlite:///{tmp_path / 'runs.db'}")
    migrate.upgrade(engine)
    by_webhook(engine, SENT[:1])
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield engine
    engine.dispose()


def killed(engine: Engine, folder: Path, *left_out: str) -> Engine:
    """Return the store as a kill leaves it, without some of its files."""
    folder.mkdir()
    for suffix in {"", "-wal", "-count"} - set(left_out):
        file = Path(f"{engine.url.database}{suffix}")
        shutil.copy(file, folder / file.name)
    return connect(f"sqlite:///{folder / 'runs.db'}")


def test_store_that_was_killed_has_lost_nothing(opened: Engine, tmp_path: Path):
    by_webhook(opened, SENT[1:])
    copy = killed(opened, tmp_path / "killed")
    assert acknowledged.look(copy) == ""
    copy.dispose()


def test_log_that_is_gone_is_told_until_the_count_is_removed(opened: Engine, tmp_path: Path):
    by_webhook(opened, SENT[1:])
    copy = killed(opened, tmp_path / "killed", "-wal")
    lost = len(SENT) - 1
    for _ in range(2):
        assert acknowledged.look(copy).startswith(
            f"{lost} acknowledged deliveries are not in {tmp_path}/killed/runs.db (found at 20"
        )
        by_webhook(copy, SENT[1:])  # numbers go on, and hide nothing
    file = acknowledged.count_file(copy)
    assert file is not None
    file.unlink()
    assert acknowledged.look(copy) == ""
    copy.dispose()


def test_file_that_is_gone_is_told(opened: Engine):
    database = str(opened.url.database)
    assert acknowledged.look_without(database).startswith(
        f"1 acknowledged delivery is not in {database}"
    )
    assert acknowledged.look_without(f"{database}-other") == ""


def test_count_that_cannot_be_read_claims_nothing(opened: Engine):
    file = acknowledged.count_file(opened)
    assert file is not None
    file.write_bytes(b"\0" * 60)
    assert acknowledged.look(opened) == ""
    by_webhook(opened, SENT[1:])
    assert acknowledged.look(opened) == ""
