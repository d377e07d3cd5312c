"""Which hook is ours, and what is wrong with it: no server is needed for that."""

import pytest

from backfill.github.webhooks import find_our_hook, list_faults, read_hook
from backfill.records import Webhook
from rows.github.events import EVENTS

HERE = "https://ci.example.org/webhook"
WELL = Webhook(1, "/repos/o/r/hooks/1", HERE, True, frozenset(EVENTS), True, True)
OTHER = WELL._replace(id=2, url="https://elsewhere.example.org/webhook")


def test_hook_that_points_here_is_ours_before_one_that_delivered():
    assert find_our_hook([OTHER, WELL], HERE, {2}) == WELL
    assert find_our_hook([OTHER], HERE, {2}) == OTHER
    assert find_our_hook([OTHER], HERE, ()) is None
    # Which of several that delivered would have to move cannot be known.
    assert find_our_hook([OTHER, OTHER._replace(id=3)], HERE, {2, 3}) is None


@pytest.mark.parametrize(
    ("hook", "url", "wrong"),
    [
        (WELL, HERE, []),
        (WELL, None, []),
        (WELL._replace(events=frozenset("*")), HERE, []),
        (WELL._replace(is_active=False), HERE, ["is disabled"]),
        (WELL._replace(is_verified=False), HERE, ["does not verify the certificate"]),
        (WELL._replace(events=frozenset(["push"])), None, [
            "lacks the events create, delete, repository, workflow_run, workflow_job"
        ]),
        (OTHER, HERE, [
            "points to https://elsewhere.example.org/webhook, not to https://ci.example.org/webhook"
        ]),
    ],
)  # fmt: skip
def test_what_keeps_a_hook_from_delivering_is_named(
    hook: Webhook, url: str | None, wrong: list[str]
):
    assert list_faults(hook, url) == wrong


def test_hook_that_says_little_is_read():
    hook = read_hook({"id": 7}, "/orgs/o/hooks")
    assert hook == Webhook(7, "/orgs/o/hooks/7", "", False, frozenset(), False, True)
