"""Rules are tried only on lines that begin as theirs may: none is lost by it."""

import pytest

from rows.log_rules import RULES, batches_of, rule_of
from rows.log_rules.beginnings import beginnings
from rows.log_rules.rule import Rule

SEEN = "aAeEfF1_ \t([-#•é"


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        (r"^error: \S", "e"),
        (r"^(?:ERROR|Fail): ", "EF"),
        (r"^\s{0,8}Error", "E \t"),
        (r"^\s{1,8}Error", " \t"),
        (r"^(?:\[error\] )?fail", "f["),
        (r"^(?!a)(?=.{2,9}$)\(?-", "(-"),
        (r"^[^\s:#][^:]*:", "aAeEfF1_([-•é"),
        (r"^(?P<path>\S{1,9}):\d", "aAeEfF1_([-#•é"),
        (r"^(?:[A-Z]+ )*\d", "AEF1"),
        (r"^\(\d", "("),
        (r"^[]a]\b", "a"),
        (r"^(?:(?:é|•){2}|1?_)", "1_•é"),
        (r"^\w?$", SEEN),
        (r"^(?:a|)e?", SEEN),
        (r"^.{0,9}error", SEEN),
        (r"^\x61|\u00e9", "aé"),
    ],
)
def test_letters_that_a_line_may_begin_with(pattern: str, letters: str):
    assert [*filter(beginnings(pattern).match, SEEN)] == [each for each in SEEN if each in letters]


def first_of_all(line: str) -> Rule | None:
    return next((rule for rule in RULES if rule.pattern.search(line)), None)


@pytest.mark.parametrize("before", ["", " ", "[x] ", "é: "])
def test_a_line_meets_the_rule_that_it_meets_where_all_are_tried(before: str):
    lines = [before + rule.example for rule in RULES]
    assert [rule_of(line) for line in lines] == [first_of_all(line) for line in lines]


def test_an_empty_line_meets_no_rule():
    assert rule_of("") is None


def test_no_letter_needs_more_than_a_third_of_the_rules():
    tried = {
        chr(code): sum(len(one.rules) for one in batches_of(chr(code)))
        for code in (*range(33, 127), 233)
    }
    assert max(tried.values()) < len(RULES) / 3, tried
