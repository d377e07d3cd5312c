"""A line that only counts what was found says nothing beside what was found."""

import pytest

from rows.log_rules import rule_of
from rows.log_rules.rule import VAGUE
from tests.rows.log_reading.test_log_rules_named import first, said

COUNTS = (
    "[ERROR] Found 1 error",
    "ERROR: 1 dead links found!",
    "  ERROR: 3 dead links found!",
    "✖   found 2 problems, 0 warnings",
    "Encountered a total of 1 failing tests, 3 tests succeeded",
    "Found 12 style violations in 3 files.",
    "1 failure! in 0.001s. 3 tests run.",
)


@pytest.mark.parametrize("count", COUNTS)
def test_what_was_found_is_said_and_not_how_much(count: str):
    assert (
        first("the total of a cart is no number", "", count) == "the total of a cart is no number"
    )


@pytest.mark.parametrize("count", COUNTS)
def test_count_alone_is_vague(count: str):
    assert [message.vague for message in said(count)] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "error: 3 problems: the total is wrong",
        "Error: 2 tests failed: sums, totals",
        "ERROR: 12 links were expected in 'docs/cart.md'",
        "error: found 1 issue in src/cart.py",
    ],
)
def test_line_that_says_more_than_a_count_is_none(line: str):
    rule = rule_of(line)
    assert rule is not None
    assert rule.rank < VAGUE


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        (
            ("  14     Method Cart::total() should return int but returns string.", COUNTS[0]),
            "14     Method Cart::total() should return int but returns string.",
        ),
        (
            ("FILE: docs/cart.md", "  [✖] https://example.org/gone → Status: 404", "", COUNTS[2]),
            "[✖] https://example.org/gone → Status: 404",
        ),
        (
            ("⧗   input: Fix it", "✖   subject may not be empty [subject-empty]", "", COUNTS[3]),
            "✖   subject may not be empty [subject-empty]",
        ),
        (
            ("[FAIL: assertion failed: 20 != 30] testSum() (gas: 12345)", COUNTS[4]),
            "[FAIL: assertion failed: 20 != 30] testSum() (gas: 12345)",
        ),
        (
            (
                "/app/docs/cart.rst:14: WARNING: undefined label: 'totals'",
                "",
                "build finished with problems, 1 warning (with warnings treated as errors).",
            ),
            "/app/docs/cart.rst:14: WARNING: undefined label: 'totals'",
        ),
        (
            (
                "! Undefined control sequence.",
                "<recently read> \\totl",
                "l.14 \\totl",
                "!  ==> Fatal error occurred, no output PDF file produced!",
            ),
            "! Undefined control sequence.\nl.14 \\totl",
        ),
        (
            (
                "-- TYPE MISMATCH ---------------------------------- src/Cart.elm",
                "",
                "The 1st argument to `total` is not what I expect:",
                "",
                '14|     total "x"',
            ),
            "-- TYPE MISMATCH ---------------------------------- src/Cart.elm"
            "\nThe 1st argument to `total` is not what I expect:",
        ),
        (
            ("make[2]: *** [Makefile:9: cart.o] Killed", "make: *** [all] Error 2"),
            "make[2]: *** [Makefile:9: cart.o] Killed",
        ),
    ],
)
def test_tools_that_count_at_their_end(lines: tuple[str, ...], right: str):
    assert first(*lines) == right
