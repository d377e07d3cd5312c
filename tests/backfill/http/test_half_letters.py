"""Half of a letter, as of a text that was cut in the middle of one."""

import pytest

from backfill.http.answer_body import parse_json


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (rb'["cut \ud83d"]', ["cut \ufffd"]),
        (rb'["\ud83d\ude00 \udc00x", 1.5]', ["\U0001f600 \ufffdx", 1.5]),
        (rb'["cut \ud83d", NaN]', None),
        (rb'["cut \ud83d"', None),
    ],
)
def test_half_of_a_letter_costs_no_page(content, told):
    assert parse_json(content) == told
