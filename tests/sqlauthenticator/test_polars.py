"""polars reads through `connector()` and `engine()`, with parameters, as pandas does."""

from datetime import datetime
from typing import Any

import polars
import pytest

import sqlauthenticator
from tests.sqlauthenticator.conftest import MOMENT

AT = datetime(2026, 5, 4, 3, 2, 1, 500_000)
NAMES = "SELECT id, name FROM items WHERE id > {} ORDER BY id"


@pytest.mark.parametrize(
    ("mark", "values"),
    [("?", (1,)), ("%s", [1]), (":after", {"after": 1}), ("%(after)s", {"after": 1})],
)
def test_polars_gives_parameters_in_each_style(reader: Any, mark: str, values: Any):
    frame = polars.read_database(NAMES.format(mark), reader, execute_options={"parameters": values})
    assert frame.rows() == [(2, "two"), (3, "three")]
    assert frame.columns == ["id", "name"]


def test_polars_has_times_numbers_and_what_is_missing(writer: Any, reader: Any, engine_name: str):
    writer.execute(f"CREATE TABLE runs (id INTEGER, createtime {MOMENT[engine_name]})")
    writer.executemany("INSERT INTO runs VALUES (?, ?)", [(1, AT), (2, None)])
    writer.commit()
    times = polars.read_database("SELECT createtime FROM runs ORDER BY id", reader)
    assert times.rows() == [(AT,), (None,)]
    assert times.schema == {"createtime": polars.Datetime("us")}
    sums = polars.read_database("SELECT SUM(id) AS whole, AVG(size) AS mean FROM items", reader)
    assert sums.rows() == [(6, 2.25)]
    parts = polars.read_database("SELECT id FROM items", reader, iter_batches=True, batch_size=2)
    assert [part.height for part in parts] == [2, 1]


def test_polars_reads_through_an_engine(url: str):
    engine = sqlauthenticator.engine(url=url)
    frame = polars.read_database(NAMES.format(1), engine)
    assert frame.rows() == [(2, "two"), (3, "three")]
    engine.dispose()
