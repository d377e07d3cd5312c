"""CSV that a spreadsheet shows and does not run."""

import csv
import io

import pytest

from runtime.csv_text import as_csv


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u200b=1",
        "\uff1d1",
        "\uff201",
    ],
)
def test_cell_that_begins_like_a_formula_is_quoted(text: str):
    assert as_csv(["a"], [[text]]).splitlines()[1].lstrip('"').startswith("'")


@pytest.mark.parametrize(
    "text", ["a;=1", "a; =1", 'a";=1', 'a;"=1', "a;\u200b+1", "a,=1", "a;b;@x"]
)
def test_no_cell_begins_like_a_formula_whatever_separates_them(text: str):
    made = as_csv(["a", "b"], [["first", text]])
    for separator in ",;":
        for row in csv.reader(io.StringIO(made, newline=""), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip()[:1] in tuple("=+-@")]


@pytest.mark.parametrize("text", ["main", "a=b", "a;b", "1-2", "", 'é,"x"'])
def test_other_text_stays_as_it_is(text: str):
    read = list(csv.reader(io.StringIO(as_csv(["a", "b"], [[text, "."]]), newline="")))
    assert read == [["a", "b"], [text, "."]]


def test_numbers_stay_numbers_and_nothing_is_empty():
    assert as_csv(["a", "b", "c"], [[-5, 1.5, None]]) == "a,b,c\r\n-5,1.5,\r\n"
