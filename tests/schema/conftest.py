"""A database that is empty, with the engine that an upgrade has."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from engines import connect


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url, read_seconds=60)
    yield made
    made.dispose()
