"""Statements and times that are wrong, times with their zones, and which snapshots are let go."""

import csv
import io
import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from config.lake_place import read_lake
from lake.answer_forms import shorten, table_of
from lake.extensions import open_duckdb
from lake.maintain import snapshots_to_expire
from lake.query import BadMoment, BadQuery, ask, read_moment
from lake.why_failed import why_failed


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23 09:00+01:00", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("2026-11-23T09:00Z", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-07-01 09:00 Europe/Amsterdam", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2026-11-23 UTC", datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
def test_moment_is_read_in_its_zone(text: str, utc: datetime):
    assert read_moment(text) == utc


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-23 09:00", "yesterday", "2026-11-23 Europe/Nowhere", "", "2026-02-30Z"),
        *("9999-12-31 23:00-05:00", "9999-12-31 23:00 America/New_York", "0001-01-01 00:00+14:00"),
    ],
)
def test_moment_without_a_zone_is_refused(text: str):
    with pytest.raises(BadMoment):
        read_moment(text)


def test_old_snapshots_but_for_the_first_of_a_week_are_let_go():
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    # From Monday, 2 February on, one every day.
    first = datetime(2026, 2, 2, 3, tzinfo=UTC)
    days = [(number, first + timedelta(days=number)) for number in range(58)]
    # 1 March 12:00 is thirty days ago: of the 28 before it four are Mondays.
    assert snapshots_to_expire(days, now) == [n for n in range(28) if n not in (0, 7, 14, 21)]


def test_newest_snapshot_stays_however_old():
    time = datetime(2020, 1, 1, tzinfo=UTC)
    assert snapshots_to_expire([(0, time), (1, time)], datetime(2026, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("-- nothing", "SQL: there is no statement in it"),
        (" /* nothing */;; ", "SQL: there is no statement in it"),
        ("SELEC 1", "SQL: Parser Error: syntax error"),
        ("SELECT none FROM range(1)", "SQL: Binder Error: Referenced column"),
        ("FROM no_such_table", "SQL: Catalog Error: Table with name no_such_table"),
        ("SELECT 'x'::INT", "SQL: Conversion Error: Could not convert string 'x'"),
    ],
)
def test_statement_that_is_wrong_is_told_as_such(sql: str, told: str):
    with closing(open_duckdb()) as lake, pytest.raises(BadQuery, match=told):
        ask(lake, sql, "table")


def test_json_is_json_whatever_number_a_value_is(capsys: pytest.CaptureFixture[str]):
    query = "SELECT 'NaN'::DOUBLE AS a, -'inf'::DOUBLE AS b, 1.5::DOUBLE AS c UNION ALL"
    with closing(open_duckdb()) as lake:
        ask(lake, f"{query} SELECT 1, 2, NULL", "json")
        assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == [
            {"a": None, "b": None, "c": 1.5},
            {"a": 1.0, "b": 2.0, "c": None},
        ]
        ask(lake, "SELECT 1 AS a WHERE false", "json")
        assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("form", ["csv", "json"])
def test_all_rows_are_written_and_nothing_before_the_first_is_known(
    form: str, capsys: pytest.CaptureFixture[str]
):
    with closing(open_duckdb()) as lake:
        ask(lake, "SELECT range AS n FROM range(2500)", form)
        told = capsys.readouterr().out
        numbers = [int(number) for number in re.findall(r"\d+", told)]
        assert numbers == list(range(2500))
        with pytest.raises(BadQuery):
            ask(lake, "SELECT 'x'::INT", form)
    assert capsys.readouterr().out == ""


def test_control_letters_do_not_reach_the_terminal():
    assert shorten("a\x1b[2Jb\n") == "a [2Jb "


def test_csv_is_exact_and_a_spreadsheets_is_not_run(capsys: pytest.CaptureFixture[str]):
    sql = "SELECT '=1' AS a, '@babel/core' AS \"=b\", -1 AS c, ['=2'] AS d, NULL AS e"
    with closing(open_duckdb()) as lake:
        ask(lake, sql, "csv")
        assert capsys.readouterr().out == 'a,=b,c,d,e\n=1,@babel/core,-1,"[""=2""]",\n'
        ask(lake, sql, "spreadsheet")
        assert capsys.readouterr().out == 'a,\'=b,c,d,e\n\'=1,\'@babel/core,-1,"[""=2""]",\n'


ODD = """SELECT 12345678901234567890.123::DECIMAL(38, 3) AS a, 2::DECIMAL(4, 1) AS a, 3 AS a_2,
    '\\x00\\xFF'::BLOB AS b, [1.10::DECIMAL(9, 2), NULL] AS c,
    {'t': TIME '01:02:03', 'n': 'x'} AS d,
    170141183460469231731687303715884105727::HUGEINT AS e, TIMESTAMP '1969-12-31 23:59:59.5' AS f,
    'a"b\nc' AS g, MAP {'k': true} AS h"""


def test_json_has_every_column_and_every_digit(capsys: pytest.CaptureFixture[str]):
    with closing(open_duckdb()) as lake:
        ask(lake, ODD, "json")
    out = capsys.readouterr().out
    (row,) = json.loads(out, parse_float=Decimal)
    assert row == {
        "a": Decimal("12345678901234567890.123"),
        "a_3": Decimal("2.0"),
        "a_2": 3,
        "b": "00ff",
        "c": [Decimal("1.10"), None],
        "d": {"t": "01:02:03", "n": "x"},
        "e": 2**127 - 1,
        "f": "1969-12-31T23:59:59.500000",
        "g": 'a"b\nc',
        "h": {"k": True},
    }


def test_csv_has_no_words_of_pythons(capsys: pytest.CaptureFixture[str]):
    with closing(open_duckdb()) as lake:
        ask(lake, ODD, "csv")
    names, row = csv.reader(io.StringIO(capsys.readouterr().out))
    assert names == ["a", "a", "a_2", *"bcdefgh"]
    assert row[3:6] == ["00ff", "[1.10, null]", '{"t": "01:02:03", "n": "x"}']
    assert row[9] == '{"k": true}'


class Written(io.StringIO):
    """What is written, and how often something was."""

    count = 0

    def write(self, text: str) -> int:
        self.count += 1
        return super().write(text)


def test_table_of_many_rows_is_written_while_they_are_fetched():
    out = Written()

    def rows():
        for number in range(5000):
            assert out.count >= number - 1100  # none waits for the last
            yield (number, "x" * (number % 7))

    table_of(["n", "text"], rows(), out)
    lines = out.getvalue().splitlines()
    assert lines[:3] == ["n    text  ", "---  ------", "0          "]
    assert (len(lines), lines[-1]) == (5002, "4999  x     ")


def test_plan_is_shown_in_its_lines(capsys: pytest.CaptureFixture[str]):
    with closing(open_duckdb()) as lake:
        ask(lake, "EXPLAIN SELECT 1", "table")
    told = capsys.readouterr().out
    assert "DUMMY_SCAN" in told
    assert "..." not in told
    assert len(told.splitlines()) > 5


def test_what_needs_more_memory_than_there_is_is_told_what_helps():
    with closing(open_duckdb()) as lake:
        lake.execute("SET memory_limit = '50MB'")
        with pytest.raises(Exception, match="Out of Memory") as failed:
            ask(lake, "SELECT list(range) FROM range(10000000)", "table")
    told = why_failed(failed.value, read_lake({}))
    assert told.endswith("ask for fewer rows or columns at once, or for sums of them")
