"""A gate before the commits of the engine that deliveries are stored in."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.listener.intake.commits import Gate


@pytest.fixture
def gate(engine: sa.Engine) -> Iterator[Gate]:
    made = Gate(engine)
    yield made
    made.opened.set()
