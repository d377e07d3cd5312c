"""The secret that is made where the operator gives none."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.settings import BadSetting, Settings, read
from config.webhook_secret import load_secrets, make_secret


def settings(folder: Path, **variables: str) -> Settings:
    return read({}, variables, folder)


def test_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path):
    file = tmp_path / "data/webhook_secret"
    first = load_secrets(settings(tmp_path), file)
    assert first == ((file.read_text().strip().encode(),), file)
    assert len(first[0][0]) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_secrets(settings(tmp_path), file) == first
    assert [path.name for path in file.parent.iterdir()] == ["webhook_secret"]


def test_secrets_made_in_two_folders_differ(tmp_path: Path):
    made = {load_secrets(settings(tmp_path), tmp_path / name / "s")[0] for name in "ab"}
    assert len(made) == 2


def test_secret_of_the_operators_is_used_and_none_is_made(tmp_path: Path):
    given = settings(tmp_path, WEBHOOK_SECRET="new one 16 bytes,old one 16 bytes")
    found = load_secrets(given, tmp_path / "s")
    assert found == ((b"new one 16 bytes", b"old one 16 bytes"), None)
    assert list(tmp_path.iterdir()) == []


def test_secret_while_two_listeners_start_at_once_is_the_same_for_both(tmp_path: Path):
    file = tmp_path / "s"
    make_secret(file)
    first = file.read_text()
    # Each draft has its process's name; the slower of two finds the file there and keeps it.
    make_secret(file)
    assert file.read_text() == first
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: load_secrets(settings(tmp_path), file)[0], range(8)))
    assert found == {(first.strip().encode(),)}


def test_secret_file_of_the_operators_editing_is_read_or_refused(tmp_path: Path):
    file = tmp_path / "s"
    file.write_text("sixteen bytes ok\r\n")
    assert load_secrets(settings(tmp_path), file)[0] == (b"sixteen bytes ok",)
    file.write_text("short\n")
    with pytest.raises(BadSetting, match="WEBHOOK_SECRET: a secret of 5 bytes is too short"):
        load_secrets(settings(tmp_path), file)


def test_secret_that_can_be_neither_read_nor_made_stops_the_start(tmp_path: Path):
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(BadSetting, match="can be neither read nor made"):
        load_secrets(settings(tmp_path), tmp_path / "data/webhook_secret")
