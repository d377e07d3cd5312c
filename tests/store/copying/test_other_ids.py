"""A new store's words are copied to another new one, which numbered them otherwise."""

import pytest
import sqlalchemy as sa

from schema.tables.packages import package_managers
from store.copying import table_copy
from store.copying.copying import copy_store
from tests.store.copying.conftest import rows_of


@pytest.fixture
def numbered_otherwise(target: sa.Engine) -> sa.Engine:
    """Give a target that holds the words of a new store under each other's Ids."""
    rows = [{"source_id": 8 + place, "Id": 16 - place} for place in range(7)]
    with target.begin() as connection:
        connection.execute(sa.insert(package_managers), rows)
    return target


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_rows_arrive_together_where_a_new_store_has_their_ids(
    source, numbered_otherwise: sa.Engine, monkeypatch
):
    alone = list[str]()
    write_row = table_copy.write_row

    def note(engine: sa.Engine, table: sa.Table, row: table_copy.Row) -> None:
        alone.append(table.name)
        write_row(engine, table, row)

    monkeypatch.setattr(table_copy, "write_row", note)
    copy_store(source, numbered_otherwise, lambda *_: None, lambda _: None)
    assert rows_of(numbered_otherwise) == rows_of(source.engine)
    assert not alone


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_row_that_has_to_come_alone_stays_where_another_had_its_id(
    source, numbered_otherwise: sa.Engine, monkeypatch
):
    put, refused = table_copy.put, list[str]()

    def refuse_many(connection: sa.Connection, table: sa.Table, rows, gone) -> None:
        if len(rows) > 1:
            refused.append(table.name)
            raise sa.exc.DataError("INSERT", {}, Exception("no column holds this"))
        put(connection, table, rows, gone)

    monkeypatch.setattr(table_copy, "put", refuse_many)
    copy_store(source, numbered_otherwise, lambda *_: None, lambda _: None)
    assert "package_managers" in refused
    assert rows_of(numbered_otherwise) == rows_of(source.engine)
