"""A copy of some rows of a file."""

import pytest
from sqlalchemy import Engine, func, insert, select

from engines import kind_of
from schema.tables.packages import sources, url_types

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_it_has_the_rows_that_are_named_and_numbers_of_its_own(engine: Engine):
    with engine.begin() as connection:
        connection.execute(insert(sources), [{"type": name} for name in "abc"])
        connection.execute(insert(url_types), [{"name": "home"}])
        first = connection.scalar(select(func.min(sources.c.Id))) or 0
        home = connection.scalar(select(url_types.c.Id)) or 0
    copied = kind_of(engine).copied
    assert copied is not None
    with copied(engine, {"sources": "type < :end"}, {"end": "b"}) as copy:
        copy.execute(insert(sources), [{"type": "d"}])
        copy.execute(insert(url_types), [{"name": "docs"}])
        # What is copied later keeps its number.
        here = copy.execute(select(sources.c.Id, sources.c.type)).all()
        assert here == [(first, "a"), (first + 3, "d")]
        assert copy.execute(select(url_types.c.Id, url_types.c.name)).all() == [(home + 1, "docs")]
        with engine.begin() as connection:  # who waits for no lock
            connection.execute(insert(sources), [{"type": "e"}])
    with engine.connect() as connection:
        assert connection.scalars(select(sources.c.type)).all() == ["a", "b", "c", "e"]
