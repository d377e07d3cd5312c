"""Which branches and commits are missing."""

from datetime import datetime, timedelta

import pytest

from backfill.audit import git_findings
from backfill.records import ListedCommit
from rows.source_record import Push
from tests.backfill.audit.test_findings import names

NOON = datetime(2026, 3, 2, 12)

HOUR = timedelta(hours=1)


def test_branches_are_compared_unless_they_moved_meanwhile():
    listed = {"main": "a", "new": "b", "moved": "c", "behind": "d"}
    earlier = {"main": "a", "moved": "x", "behind": "e", "gone": "f", "made": "g"}
    stored = {"main": "a", "moved": "y", "behind": "e", "gone": "f", "fresh": "h"}
    assert names(git_findings.find_missing_branches(listed, earlier, stored)) == [
        ("branch", "new"),
        ("head", "behind"),
        ("branch", "gone"),
    ]


def test_commits_before_anything_was_expected_are_not_missing_but_heads_are():
    listed = [ListedCommit("new", NOON, "main"), ListedCommit("old", NOON - HOUR, "main")]
    found = git_findings.find_missing_commits(
        listed, {"main": "new", "stale": "tip"}, {"kept"}, NOON
    )
    assert names(found) == [("commit", "new"), ("commit", "tip")]
    assert git_findings.find_missing_commits(listed, {}, {"new"}, NOON) == []


def test_push_that_begins_where_no_push_ended_tells_of_one_that_never_came():
    first = Push("main", "before-us", "a", ("a",))
    later = Push("main", "b", "c", ("c",))
    other = Push("side", "elsewhere", "d", ("d",))
    stored = {"a", "c", "d"}
    found = git_findings.find_lost_pushes(
        [first, later, other], {"main": "c", "bare": None}, stored
    )
    assert names(found) == [("commit", "b"), ("head", "bare")]
    assert names(git_findings.find_lost_pushes([first], {}, set())) == [("commit", "a")]


@pytest.mark.parametrize(
    "last", [Push("main", "x", "c", ("c",), True), Push("main", "x", None, ())]
)
def test_lost_push_of_a_branch_that_was_rewritten_or_deleted_since_is_not_missed(last):
    pushes = [Push("main", None, "a", ("a",)), Push("main", "lost", "b", ("b",))]
    assert names(git_findings.find_lost_pushes(pushes, {}, {"a", "b", "c"})) == [("commit", "lost")]
    assert git_findings.find_lost_pushes([*pushes, last], {}, {"a", "b", "c"}) == []
