"""Many new rows, in few statements: all of them in their order, or none."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from engines.bulk import inserts
from engines.bulk.inserts import insert_columns
from schema.tables.packages import urls, versions

NOW = datetime(2026, 11, 29, 22, 5, 7, 890)
NAMES = ["package_id", "version", "size", "published_at", "yanked"]


@pytest.mark.parametrize("number", [1, 196, 197, 198, 500])
def test_every_row_comes_with_its_values_and_those_that_all_have(engine: Engine, number: int):
    rows = [
        (at, f"1.{at}'?:%s", at or None, NOW.replace(minute=at % 60), at % 2 == 0)
        for at in range(number)
    ]
    with engine.begin() as connection:
        columns, alike = [*zip(*rows, strict=True)], {"updated_at": NOW, "load_id": 7}
        insert_columns(connection, versions, NAMES, columns, alike)
    c = versions.c
    with engine.connect() as connection:
        own = [c[name] for name in NAMES]
        query = select(*own, c.updated_at, c.load_id, c.created_at).order_by(c.Id)
        stored = [*map(tuple, connection.execute(query))]
    assert stored == [(*row, NOW, 7, None) for row in rows]


def test_nothing_is_the_same_of_all(engine: Engine):
    with engine.begin() as connection:
        insert_columns(connection, urls, ["url", "url_type_id"], [("a", "b"), (1, 2)], {})
        stored = connection.execute(select(urls.c.url, urls.c.url_type_id).order_by(urls.c.Id))
        assert [*map(tuple, stored)] == [("a", 1), ("b", 2)]


def test_a_row_that_is_there_undoes_the_transaction_with_those_before_it(engine: Engine):
    names = [*map(str, range(inserts.MOST_VALUES)), "0"]
    columns = [names, [1] * len(names)]
    with pytest.raises(IntegrityError), engine.begin() as connection:
        insert_columns(connection, urls, ["url", "url_type_id"], columns, {})
    with engine.connect() as connection:
        assert not connection.execute(select(urls.c.Id)).all()
