"""Every column says where its value comes from, and nothing else does."""

import pytest

from schema.column_sources import SOURCES, STORE
from schema.tables.ci import metadata


@pytest.mark.parametrize("table", sorted(SOURCES))
def test_sources_of_a_table_name_only_its_columns(table):
    assert set(SOURCES[table]) <= set(metadata.tables[table].columns.keys())


@pytest.mark.parametrize("table", sorted(set(SOURCES) - {"deliveries"}))
def test_column_that_is_not_the_stores_own_has_a_source(table):
    columns = metadata.tables[table].columns
    said = {column.name for column in columns if column.info["kind"] != "own"}
    assert said == {name for name, source in SOURCES[table].items() if source.webhook != STORE}
