"""A fixed part of `make damage`: whatever happens to the store's file or its log is told."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests import counts
from tests.damage.store import NAME, Template, befall_all, believing, make_template, not_ok, url_of
from tests.listener import sending
from tests.listener.process import running


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Give a store as a killed process leaves it."""
    return make_template(tmp_path_factory.mktemp("damage") / "whole")


def test_store_damaged_anywhere_turns_check_from_ok(template: Template, tmp_path: Path):
    outcomes = befall_all(template, tmp_path, counts.count(12, 500))
    assert [one for one in outcomes if one.is_silent] == []
    assert sum(one.is_changed for one in outcomes) > 5


def test_store_without_damage_is_ok(template: Template, tmp_path: Path):
    folder = tmp_path / "copy"
    shutil.copytree(template.folder, folder)
    assert not_ok(folder) == []


def test_damage_is_silent_where_the_file_is_believed(template: Template, tmp_path: Path):
    with believing():
        outcomes = befall_all(template, tmp_path, 12)
    assert any(one.is_silent for one in outcomes)


def test_listener_over_a_damaged_file_spools_and_names_it_and_what_helps(
    template: Template, tmp_path: Path
):
    folder = tmp_path / "copy"
    shutil.copytree(template.folder, folder)
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(bytes(100) + data[100:])
    body = sending.recorded("workflow_run__completed_success")
    with running(tmp_path, DATABASE_URL=url_of(folder)) as listener:
        reply = listener.post(body, sending.headers("workflow_run", body))
        log = listener.log()
    assert (reply.code, reply.json) == (202, {"status": "spooled"})
    assert f"file is not a database: {folder / NAME}: restore a backup (docs/operating.md" in log
    assert (folder / NAME).read_bytes()[:100] == bytes(100)  # left to whoever may rescue it
