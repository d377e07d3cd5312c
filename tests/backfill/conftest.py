"""The command over a real store, in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from backfill.cli import main
from config.settings import SETTINGS
from engines import connect
from tests.store.writers import emptied


class Done(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stand in an empty folder, with no setting in the environment; give the folder."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def command(bare: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run local-database.py with these words."""

    def run(*words: str) -> Done:
        capsys.readouterr()
        code = main(words)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def engine(bare: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """Give an engine for an empty store that the command finds in DATABASE_URL."""
    emptied(store_url)
    monkeypatch.setenv("DATABASE_URL", store_url)
    made = connect(store_url)
    yield made
    made.dispose()
