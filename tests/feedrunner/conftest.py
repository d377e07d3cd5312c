"""Fixtures of the feeds' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import connect


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """Give an engine for an empty store."""
    engine = connect(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def feeds(
    engine: sa.Engine, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give an empty folder of feeds; the store is that of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", store_url)
    monkeypatch.setenv("FEEDS_DIR", str(tmp_path / "feeds"))
    return tmp_path / "feeds"
