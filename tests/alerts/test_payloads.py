"""What each kind of chat takes, as its vendor documents it, whatever a workflow is called."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.payloads import PAYLOADS
from alerts.turn_text import Message, write_message
from store.history.turn_facts import Turn
from tests.alerts.conftest import PLACE

SINCE = datetime(2026, 3, 10, 2, 30)


def turned(turn: str = "red", **values: Any) -> Turn:
    """Return a turn of octo-org/app."""
    usual = {
        "alertid": 1,
        "turn": turn,
        "provider": "github",
        "repoid": 1,
        "repository": "octo-org/app",
        "workflowgitid": 5,
        "workflow": "CI",
        "branchname": "main",
        "rungitid": 7,
        "url": "https://github.com/octo-org/app/actions/runs/7",
        "author": "ana",
        "commithash": "c" * 40,
        "since": SINCE,
        "lasted": timedelta(hours=2, minutes=5) if turn == "green" else None,
        "error": "boom" if turn == "red" else None,
    }
    return Turn(**{**usual, **values})


def message(*turns: Turn) -> Message:
    """Return the message of some turns."""
    return write_message(turns, PLACE)


def test_text_says_what_turned_since_when_and_whose():
    assert message(turned("green"), turned()).text.splitlines() == [
        "Default branches: 1 workflow turned red and 1 is green again",
        "RED octo-org/app: CI on main, since 10 Mar 02:30 UTC by ana: boom",
        "  https://ci.example.org/runs/github/7",
        "GREEN octo-org/app: CI on main, was red for 2 h 5 min",
        "  https://ci.example.org/runs/github/7",
    ]


def test_text_leads_to_the_server_where_nobody_said_where_pages_are():
    text = write_message([turned()], PLACE._replace(address=None)).text
    assert text.endswith("\n  https://github.com/octo-org/app/actions/runs/7")


def test_slack_takes_text_with_links_between_angle_brackets():
    assert PAYLOADS["slack"](message(turned())) == {
        "text": "*octo-org/app: CI is red on main*\n"
        "RED octo-org/app: CI on main, since 10 Mar 02:30 UTC by ana: boom"
        " <https://ci.example.org/runs/github/7|Run>",
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_mattermost_takes_markdown():
    assert PAYLOADS["mattermost"](message(turned(error=None))) == {
        "text": "**octo\\-org/app\\: CI is red on main**\n"
        "- RED octo\\-org/app\\: CI on main, since 10 Mar 02\\:30 UTC by ana"
        " [Run](https://ci.example.org/runs/github/7)"
    }


def test_discord_takes_2000_characters_and_mentions_nobody():
    payload = PAYLOADS["discord"](message(*[turned(workflow="W" * 150) for _ in range(20)]))
    assert payload.keys() == {"content", "allowed_mentions", "flags"}
    assert payload["allowed_mentions"] == {"parse": []}
    assert payload["flags"] == 4
    assert 1500 < len(payload["content"]) <= 2000
    lines = payload["content"].splitlines()
    assert lines[-2].endswith("(https://ci.example.org/runs/github/7)")
    assert lines[-1] == f"and {20 - (len(lines) - 2)} more"


LONG = "group/" + "sub-group_name/" * 16


@pytest.mark.parametrize("kind", ["discord", "teams"])
@pytest.mark.parametrize("letter", ["_", "@", "\N{PILE OF POO}"])
def test_longest_names_of_many_causes_fit_and_none_is_lost_unsaid(kind: str, letter: str):
    many = [
        turned(
            "green",
            repository=f"{LONG}{number}",
            workflow=letter * 300,
            branchname=letter * 300,
            error=letter * 300,
            fingerprint=f"3:{number // 2}",
            still=tuple(f"{LONG}{letter * 200}{still}" for still in range(9)),
        )
        for number in range(60)
    ]
    payload = PAYLOADS[kind](message(*many))
    if kind == "discord":
        text = payload["content"]
        assert len(text.encode("utf-16-le")) // 2 <= 2000
    else:
        assert len(json.dumps(payload)) <= 18_100
        text = "\n".join(texts_of(payload))
    assert "GREEN group/" in text
    assert "(https://ci.example.org/errors/3%3A0)" in text
    shown = text.count("GREEN group/")
    assert text.endswith(f"\nand {60 - 2 * shown} more")


def texts_of(payload: dict[str, Any]) -> list[str]:
    """Return the texts of a card's blocks, those that know no Markdown and those that do."""
    blocks = payload["attachments"][0]["content"]["body"]
    return [text for block in blocks for text in walk({**block, "type": 0, "spacing": 0})]


def test_teams_takes_an_adaptive_card():
    payload = PAYLOADS["teams"](message(turned("green")))
    (attachment,) = payload["attachments"]
    assert payload["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    kinds = ["RichTextBlock", "RichTextBlock", "TextBlock"]
    assert [block["type"] for block in card["body"]] == kinds
    title, line, link = card["body"]
    assert title["inlines"][0]["text"] == "octo-org/app: CI is green again on main"
    assert line["inlines"] == ["GREEN octo-org/app: CI on main, was red for 2 h 5 min"]
    assert link["text"] == "[Run](https://ci.example.org/runs/github/7)"


HOSTILE = (
    "<!channel> @everyone [x](https://evil.example) <https://evil.example|y> *b*\n> `c` \u202e"
)


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
def test_names_of_others_mention_nobody_and_are_no_markup(kind: str):
    turn = turned(workflow=HOSTILE, branchname=HOSTILE, author=HOSTILE, error=HOSTILE)
    payload = PAYLOADS[kind](message(turn))
    texts = [text for text in walk(payload) if "evil" in text]
    assert texts
    if kind == "webhook":
        return  # a program reads it: nothing of it is markup, and facts are as they are stored
    if kind == "teams":
        blocks = payload["attachments"][0]["content"]["body"]
        marked = [block["text"] for block in blocks if block["type"] == "TextBlock"]
        assert marked == ["[Run](https://ci.example.org/runs/github/7)"]
        return  # RichTextBlock, where the rest stands, knows no markup
    for text in texts:
        assert "<!channel>" not in text
        assert "@everyone" not in text
        assert kind == "slack" or "](https://evil" not in text  # which is plain text there
        assert "<https://evil" not in text
        assert "\u202e" not in text


def walk(value: Any) -> list[str]:
    """Return every text of a JSON value."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in walk(each)]
    if isinstance(value, list):
        return [text for each in value for text in walk(each)]
    return [value] if isinstance(value, str) else []


def test_link_is_called_by_what_it_leads_to():
    def labels(*turns: Turn) -> list[str]:
        """Return the words of a message's links."""
        return [line.label for line in message(*turns).lines]

    night = SINCE.date()
    assert labels(turned(), turned("red", night=night)) == ["Run", "Night"]
    same = turned(fingerprint="1:out")
    assert labels(same, same) == ["Error"]
    of_server = write_message([turned(night=night)], PLACE._replace(address=None))
    assert [line.label for line in of_server.lines] == ["Run"]
