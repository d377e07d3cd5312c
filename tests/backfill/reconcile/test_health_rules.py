"""What is worth a warning, and what is not."""

from datetime import datetime, timedelta

import pytest

from backfill.http.rate_limit import Budget
from backfill.reconcile import health_rules
from backfill.records import Webhook
from store.deliveries.received import RecentDeliveries
from store.state.health import HealthState

NOW = datetime(2026, 3, 4, 12)
HOUR = timedelta(hours=1)
THREE_DAYS = timedelta(days=3)
OURS = "https://ci.example.org/webhook"


@pytest.mark.parametrize(
    ("number", "last", "activity", "state"),
    [
        (72, NOW - 6 * HOUR, NOW - 2 * HOUR, "warning"),  # usually one an hour
        (72, NOW - 4 * HOUR, NOW - 2 * HOUR, "good"),  # not yet five usual pauses
        (72, NOW - 6 * HOUR, NOW - 6 * HOUR, "good"),  # nothing happened since
        (72, NOW - 6 * HOUR, None, "good"),
        (2, NOW - 30 * HOUR, NOW - 2 * HOUR, "good"),  # seldom says anything
        (10_000, NOW - HOUR, NOW - timedelta(minutes=16), "warning"),
        (10_000, NOW - HOUR, NOW - timedelta(minutes=5), "good"),  # may still be on its way
        (0, None, NOW - HOUR, "warning"),
        (0, None, None, "good"),
    ],
)
def test_silence_is_told_when_it_is_unusual_and_github_shows_activity(
    number, last, activity, state
):
    recent = RecentDeliveries(number, last) if number else None
    found = health_rules.judge_silence("org/app", recent, THREE_DAYS, activity, NOW)
    assert (found.subject, found.name, found.state) == ("org/app", "silence", state)


def test_silence_says_since_when_and_what_github_shows():
    recent = RecentDeliveries(72, NOW - 6 * HOUR)
    found = health_rules.judge_silence("org/app", recent, THREE_DAYS, NOW - 2 * HOUR, NOW)
    assert found.detail == (
        "no delivery came since 2026-03-04 06:00 UTC, and GitHub shows activity at "
        "2026-03-04 10:00 UTC"
    )


WELL = Webhook(7, "/repos/o/r/hooks/7", OURS, code=200)


@pytest.mark.parametrize(
    ("ours", "state", "detail"),
    [
        ([WELL], "good", ""),
        ([WELL._replace(code=None)], "good", ""),
        ([WELL._replace(url=f"{OURS}/")], "good", ""),
        ([WELL._replace(is_active=False)], "bad", "webhook 7 is disabled"),
        ([WELL._replace(code=503)], "bad", "webhook 7 was answered with 503 the last time"),
        (
            [WELL._replace(url="https://u:secret@old.example.org:8443/hook?key=secret")],
            "bad",
            "webhook 7 points to https://old.example.org:8443/hook, not to " + OURS,
        ),
        ([WELL._replace(is_active=False), WELL._replace(id=8)], "good", ""),
        ([], "warning", "the webhook that delivered is gone"),
    ],
)
def test_hook_is_told_of_when_no_hook_of_ours_is_well(ours, state, detail):
    found = health_rules.judge_hooks("org/app", dict.fromkeys(ours, OURS), True)
    assert (found.state, found.detail) == (state, detail)


def test_hook_that_never_had_a_place_is_well_where_it_is():
    hook = WELL._replace(url="https://elsewhere.example.org/hook")
    assert health_rules.judge_hooks("org/app", {hook: None}, True).state == "good"


def test_repository_without_a_hook_that_never_delivered_is_polled():
    assert health_rules.judge_hooks("org/app", {}, False).state == "good"


@pytest.mark.parametrize(
    ("pattern", "ignored"),
    [
        ("octo-org/ap", "octo-org/app"),
        ("octo-org/dashbaord", "octo-org/dashboard"),
        ("octo-orgs/app", "octo-org/app"),
        ("octocat/app", "octo-org/app"),
        ("octo-og", "octo-org/app"),
        ("octo-og/*", "octo-org/app"),
        ("Octo-Org/Ap", "octo-org/app"),
    ],
)
def test_pattern_that_matches_nothing_and_nearly_matches_what_is_ignored_is_a_typo(
    pattern, ignored
):
    (found,) = health_rules.find_typos([pattern], [ignored], [])
    assert (found.subject, found.name, found.state) == (pattern, "typo", "warning")
    assert found.detail == f"deliveries of {ignored} are ignored: was -r {pattern} mistyped?"


@pytest.mark.parametrize(
    ("pattern", "ignored", "known"),
    [
        ("octo-org/app", "octo-org/app2", ["octo-org/app"]),  # it matches something
        ("octo-org", "octo-orgs/app", ["octo-org/core"]),
        ("octo-org/app", "octo-org/documentation", []),
        ("octo-org/app", "other/thing", []),
        ("a/b", "a/c", []),  # too short to tell
    ],
)
def test_pattern_that_matches_or_resembles_nothing_is_no_typo(pattern, ignored, known):
    assert health_rules.find_typos([pattern], [ignored], known) == []


@pytest.mark.parametrize(
    ("expires", "state"),
    [
        (None, "good"),
        (datetime(2026, 3, 20, 12), "good"),
        (datetime(2026, 3, 10, 12), "warning"),
        (datetime(2026, 3, 5, 11), "bad"),
        (datetime(2026, 3, 5, 13, 30), "warning"),
    ],
)
def test_token_about_to_expire_is_told_of(expires, state):
    assert health_rules.judge_token(expires, NOW).state == state


@pytest.mark.parametrize(
    ("remaining", "state"), [(5000, "good"), (501, "good"), (500, "warning"), (0, "warning")]
)
def test_rate_budget_nearly_spent_is_told_of(remaining, state):
    assert health_rules.judge_rate(Budget(5000, remaining, 0.0)).state == state


def test_unlimited_rate_is_well():
    assert health_rules.judge_rate(None).state == "good"


def test_audit_that_found_something_is_told_of():
    found = health_rules.judge_audit("org/app", 3, NOW)
    assert (found.state, found.detail) == (
        "warning",
        "3 missing at 2026-03-04 12:00 UTC: python3 local-database.py -r org/app --audit",
    )
    assert health_rules.judge_audit("org/app", 0, NOW).state == "good"
    assert health_rules.judge_audit("org/app", None, None).state == "good"


@pytest.mark.parametrize(
    ("unread", "state", "detail"),
    [
        ([], "good", ""),
        (["run 7: jobs: cut"], "warning", "run 7: jobs: cut"),
        (["a", "b", "c"], "warning", "a; b; c"),
        (["a", "b", "c", "d", "e"], "warning", "a; b; c; and 2 more"),
    ],
)
def test_what_cannot_be_read_is_named_three_at_most(unread, state, detail):
    found = health_rules.judge_unread("org/app", unread)
    assert found == HealthState("org/app", "unread", state, detail)


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "", 0), ("app", "app", 0), ("app", "ap", 1), ("kitten", "sitting", 3), ("", "abc", 3)],
)
def test_distance_counts_the_letters_to_change(one, other, letters):
    assert health_rules.count_edits(one, other) == health_rules.count_edits(other, one) == letters
