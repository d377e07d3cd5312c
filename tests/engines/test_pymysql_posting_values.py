"""Values are written for the servers as PyMySQL itself writes them."""

from datetime import datetime

from hypothesis import given
from hypothesis.strategies import booleans, datetimes, integers, none, text
from pymysql.converters import escape_item

from engines.bulk.pymysql_rows import NO_BACKSLASH_ESCAPES, Cursor
from engines.pymysql_posting import Connection


@given(integers() | booleans() | none() | datetimes(min_value=datetime(1000, 1, 1)))
def test_value_is_written_as_pymysql_writes_it(value: object):
    assert Connection(defer_connect=True).escape(value) == escape_item(value, "utf8mb4")


@given(text() | text("'\"\\\0\n\r\x1aé%"))
def test_text_of_a_row_is_quoted_as_pymysql_quotes_it_whatever_the_server_reads(value: str):
    cursor = Cursor(Connection(defer_connect=True))
    template, row = "(%(a)s,%(b)s)", {"a": value, "b": 1}
    cursor.connection.server_status = 0
    assert cursor._mogrify(template, row) == f"({escape_item(value, 'utf8mb4')},1)"
    cursor.connection.server_status = NO_BACKSLASH_ESCAPES
    doubled = value.replace("'", "''")
    assert cursor._mogrify(template, row) == f"('{doubled}',1)"
