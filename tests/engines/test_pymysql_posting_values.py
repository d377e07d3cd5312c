"""Values are written for the servers as PyMySQL itself writes them."""

from datetime import datetime

from hypothesis import given
from hypothesis.strategies import booleans, datetimes, integers, none
from pymysql.converters import escape_item

from engines.pymysql_posting import Connection


@given(integers() | booleans() | none() | datetimes(min_value=datetime(1000, 1, 1)))
def test_value_is_written_as_pymysql_writes_it(value: object):
    assert Connection(defer_connect=True).escape(value) == escape_item(value, "utf8mb4")
