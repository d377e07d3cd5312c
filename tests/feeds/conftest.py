"""Fixtures of the feeds' tests."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engines import connect


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """Give an engine for an empty store."""
    engine = connect(store_url)
    yield engine
    engine.dispose()
