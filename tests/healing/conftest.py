"""A store without rows, and an engine for it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engines import connect


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """Connect to a store without rows."""
    made = connect(store_url)
    yield made
    made.dispose()
