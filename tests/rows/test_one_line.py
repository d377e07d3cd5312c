"""Whatever a stranger names a thing, it stays on its line, wherever it is shown."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.payloads import escape_slack
from backfill.audit.findings import Finding
from backfill.command import audit_report, replay
from dashboard.published import metrics
from dashboard.view import formats
from listener.check import shown as shown_check
from rows.one_line import one_line, visible
from runtime.check_line import CheckLine
from runtime.csv_text import as_csv
from runtime.log import LineFormatter
from store.doors.dry_run import Change

ODD = "\n\r\t\0\x0b\x0c\x1b\x1c\x85\xa0\u200b\u2028\u2029\u202e\u2066\ufeff"
NAMES = st.text(st.one_of(st.sampled_from(ODD + "=+-@\"',;|`*<>&\\"), st.characters()))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Nightly\n- octo/other: all is well", "Nightly - octo/other: all is well"),
        ("a\r\nb\tc\u2028d\u2029e\x85f\xa0g", "a  b c d e f g"),
        ("\x1b[2Jgone\0\x07", "?[2Jgone??"),
        ("user\u202eresu\u2066\u200b\ufeff", "userresu"),
        ("Grüße 🧪 日本", "Grüße 🧪 日本"),
    ],
)
def test_text_is_shown_in_one_line(text: str, line: str):
    assert one_line(text) == line


@given(NAMES)
def test_line_of_any_text_can_be_printed_and_stays_as_it_is(text: str):
    line = one_line(text)
    assert line.isprintable()
    assert one_line(line) == line


@given(NAMES)
def test_visible_text_keeps_its_lines_and_nothing_else_that_cannot_be_printed(text: str):
    assert visible(text).replace("\n", "").replace("\t", "").isprintable()
    assert visible(text).count("\n") == text.count("\n")


@given(NAMES)
def test_any_name_stays_on_its_line_where_it_is_printed(name: str):
    for text in (
        formats.first_line(name),
        shown_check(CheckLine(name, name, name)),
        audit_report.format_finding(Finding("run", name, name, None, name)),
        replay.format_change(Change("jobs", (name,), "name", name, name, False)),
        metrics.line("runs", {"repo": name}, 1),
        LineFormatter().value("msg", name),
    ):
        assert len(text.splitlines()) <= 1


@given(NAMES)
def test_any_name_is_one_cell_in_one_line_and_no_formula(name: str):
    text = as_csv(["name", "n"], [[name, 1]])
    assert len(text.splitlines()) == 2
    (_, (cell, number)) = csv.reader(io.StringIO(text))
    assert number == "1"
    assert cell.lstrip()[:1] not in tuple("=+-@")


@given(NAMES)
def test_chat_is_told_the_same_lines_and_no_mention_or_markup(name: str):
    text = escape_slack(one_line(name))
    assert len(text.splitlines()) <= 1
    assert "<" not in text
    assert "@" not in text.replace("@\u200b", "")
