"""A store with the schema and no rows, as one writer or as several."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.store.writers import emptied, opened


@pytest.fixture
def writers(store_url: str) -> Iterator[list[Engine]]:
    """Give four engines for one empty store, as four processes would have."""
    emptied(store_url)
    engines = opened(store_url, 4)
    yield engines
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine(writers: list[Engine]) -> Engine:
    """Give one engine for an empty store."""
    return writers[0]
