"""Whether an address is a listener's, and ours."""

import pytest

from backfill.records import Webhook
from backfill.webhook_address import is_listener, is_ours, is_same, without_secrets

HERE = "https://ci.example.org/webhook"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://CI.example.org:443/webhook/", True),
        ("HTTPS://ci.example.org/webhook", True),
        ("http://ci.example.org/webhook", False),
        ("https://ci.example.org:8443/webhook", False),
        ("https://ci.example.org/webhook?key=1", False),
        ("https://ci.example.org/WEBHOOK", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_addresses_that_lead_to_one_place_are_the_same(url: str, same: bool):
    assert is_same(url, HERE) is same


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@ci.example.org/webhook?key=1", "https://ci.example.org/webhook"),
        ("https://ci.example.org/\x1b[31m", "https://ci.example.org/\\x1b[31m"),
        ("https://[", "what is no address"),
    ],
)
def test_address_is_shown_without_what_may_be_secret(url: str, shown: str):
    assert without_secrets(url) == shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example.org/ci/webhook", True),
        ("https://x.example.org/ci/webhook/?a=1", True),
        ("https://x.example.org/hook", False),
        ("", False),
    ],
)
def test_address_that_ends_as_a_listener_s_does_is_one(url: str, expected: bool):
    assert is_listener(url) is expected


def test_hook_is_ours_by_its_deliveries_or_its_address():
    hook = Webhook(1, "/repos/o/r/hooks/1", f"{HERE}/")
    assert is_ours(hook, ())
    assert is_ours(hook, (), HERE)
    assert not is_ours(hook, (), "https://elsewhere.example.org/webhook")
    assert is_ours(hook, {1}, "https://elsewhere.example.org/webhook")
