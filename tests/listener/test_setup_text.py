"""What the operator reads at the start."""

from pathlib import Path

import pytest

from listener.setup_text import setup_text
from listener.vendors.github import EVENT_TITLES
from rows.github.events import EVENTS


def test_every_event_we_read_has_the_name_that_githubs_page_gives_it():
    assert list(EVENT_TITLES) == list(EVENTS)


@pytest.mark.parametrize(
    ("repos", "named"),
    [((), "ORG/REPO"), (("org", "other/*"), "ORG/REPO"), (("org", "a/b", "c/d"), "a/b")],
)
def test_forwarder_is_given_a_repository_that_can_be_forwarded(repos: tuple[str, ...], named: str):
    text = setup_text("0.0.0.0", 5000, repos, {"github": Path("data/webhook_secret")})  # noqa: S104
    assert f"gh webhook forward --repo={named} " in text
    assert f'-r "{named}"' in text


def test_address_of_ipv6_is_written_as_in_a_url():
    assert "Listening on http://[::]:80/webhook, watching every repo" in setup_text(
        "::", 80, (), {}
    )
