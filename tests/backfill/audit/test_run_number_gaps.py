"""Which gaps in run numbers are none."""

from datetime import datetime, timedelta

import pytest

from backfill.audit import run_number_gaps
from tests.backfill.audit.test_findings import names, run

NOON = datetime(2026, 3, 2, 12)

HOUR = timedelta(hours=1)


def test_gaps_lie_between_the_numbers_of_one_workflow():
    other = run(9)._replace(workflowgitid=8)
    found = run_number_gaps.find_gaps([run(5), run(2), run(3), run(9), other, run(8)])
    assert [(gap.name, len(gap.numbers)) for gap in found] == [("4", 1), ("6-7", 2)]


def test_gap_is_from_before_the_horizon_or_was_deleted():
    runs = [run(1, at=0), run(3, at=2), run(5, at=4)]
    told = run_number_gaps.explain_gaps(run_number_gaps.find_gaps(runs), NOON + 2 * HOUR)
    assert [(one.kind, one.name) for one in told] == [("horizon", "2"), ("deleted", "4")]
    told = run_number_gaps.explain_gaps(run_number_gaps.find_gaps(runs), None)
    assert [(one.kind, one.name) for one in told] == [("deleted", "2"), ("deleted", "4")]


@pytest.mark.parametrize(
    ("spans", "is_proven"),
    [
        ([(0, 2)], True),
        ([(0, 1), (1, 2)], True),
        ([(0, 1)], False),
        ([(1, 2)], False),
        ([(-5, 5)], True),
        ([], False),
    ],
)
def test_gap_is_proven_where_all_of_its_time_was_listed(spans, is_proven):
    # Windows end a second before the next one begins.
    proven = [
        (NOON + first * HOUR + timedelta(seconds=first > 0), NOON + last * HOUR)
        for first, last in spans
    ]
    missing, notes = run_number_gaps.judge_gaps(
        run_number_gaps.find_gaps([run(1, at=0), run(3, at=2)]), proven
    )
    assert (names(missing), names(notes)) == (
        ([], [("deleted", "2")]) if is_proven else ([("run number", "2")], [])
    )
