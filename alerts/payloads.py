"""Pure: a message -> what each kind of incoming webhook takes; names mention nobody there.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
Teams: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
Mattermost: https://developers.mattermost.com/integrate/webhooks/incoming/
Discord: https://discord.com/developers/docs/resources/webhook#execute-webhook
"""

import json
import re
from collections.abc import Callable
from typing import Any

from alerts.turn_text import Line, Message, cut

LONGEST_DISCORD = 2000
LONGEST_TITLE, LONGEST_REST = 350, 30
"""Of Discord's: a title before it is escaped, and the line that says how many more there are."""
LONGEST_TEAMS = 18_000
"""Bytes. Teams takes 28,672 of a card, counts a quarter more than are sent, and says 202 before."""
SUPPRESS_EMBEDS = 4
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~:@&])")
BREAK = "\u200b"
"""Written after what would mention somebody: it has no width."""

Payload = dict[str, Any]


WIDEST = 3
"""Units of UTF-16 that a character takes at most once it is escaped: an @ with a backslash and a
break."""


def escape_slack(text: str) -> str:
    """Return a text without Slack's markup.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("@", f"@{BREAK}")


def escape_markdown(text: str) -> str:
    """Return a text whose characters are themselves in Markdown, and mention nobody."""
    return MARKDOWN.sub(r"\\\1", text).replace("@", f"@{BREAK}")


def of_slack(message: Message) -> Payload:
    """Return what Slack takes: an address between angle brackets is a link."""
    lines = [f"*{escape_slack(message.title).replace('*', '')}*"]
    for line in message.lines:
        link = f" <{quote_link(line.link)}|{line.label}>" if line.link else ""
        lines.append(f"{escape_slack(line.text)}{link}")
    text = "\n".join([*lines, *message.rest])
    return {"text": text, "unfurl_links": False, "unfurl_media": False}


def of_mattermost(message: Message) -> Payload:
    """Return what Mattermost takes."""
    return {"text": "\n".join(markdown_lines(message, "- "))}


def of_discord(message: Message) -> Payload:
    """Return what Discord takes: at most 2,000 characters, whole lines of them."""
    text = f"**{escape_markdown(cut(message.title, LONGEST_TITLE))}**"
    shown = 0
    for line in message.lines:
        room = LONGEST_DISCORD - LONGEST_REST - units(text) - 1
        written = markdown_line(line, "- ")
        if units(written) > room:
            if shown:
                break
            written = markdown_line(shorten(line, room), "- ")
        text, shown = f"{text}\n{written}", shown + 1
    rest = message.count_rest(shown)
    text += f"\nand {rest} more" if rest else ""
    nobody: dict[str, list[str]] = {"parse": []}
    return {"content": text, "allowed_mentions": nobody, "flags": SUPPRESS_EMBEDS}


def units(text: str) -> int:
    """Return how long a text is in UTF-16: more than any chat counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(line: Line, room: int) -> Line:
    """Return a line that fits, whatever of it is escaped; its link stays, unless that does not."""
    link = line.link if line.link and len(quote_link(line.link)) < room // 2 else None
    left = room - units(markdown_line(line._replace(text="", link=link), "- "))
    return line._replace(text=cut(line.text, max(1, left // WIDEST)), link=link)


def of_teams(message: Message) -> Payload:
    """Return what the workflow of a Teams channel takes: an Adaptive Card.

    Names stand in RichTextBlock, which knows no Markdown: phones show the backslashes of what is
    escaped (microsoft/AdaptiveCards#5590). Links stand in TextBlock: those of a RichTextBlock are
    no links in some versions (#9100).
    """
    title = {"type": "TextRun", "text": cut(message.title, 2 * LONGEST_TITLE), "size": "Medium"}
    body: list[Payload] = [rich({**title, "weight": "Bolder"})]
    shown = 0
    for line in message.lines:
        blocks = teams_blocks(line)
        if len(json.dumps(card_of([*body, *blocks]))) > LONGEST_TEAMS:
            if shown:
                break
            blocks = teams_blocks(line._replace(text=cut(line.text, 1000), link=None))
        body, shown = [*body, *blocks], shown + 1
    rest = message.count_rest(shown)
    return card_of([*body, rich(f"and {rest} more")] if rest else body)


def teams_blocks(line: Line) -> list[Payload]:
    """Return a line of a card, and its link below."""
    if not line.link:
        return [rich(line.text)]
    text = f"[{line.label}]({quote_link(line.link)})"
    return [rich(line.text), {"type": "TextBlock", "text": text, "wrap": True, "spacing": "None"}]


def rich(run: str | Payload) -> Payload:
    """Return a text as it is."""
    return {"type": "RichTextBlock", "inlines": [run]}


def card_of(body: list[Payload]) -> Payload:
    """Return a message that is one card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def of_webhook(message: Message) -> Payload:
    """Return what any program may take: docs/alerts.md has each field."""
    return {
        "version": 1,
        "title": message.title,
        "text": message.text,
        "turns": list(message.turns),
    }


def markdown_lines(message: Message, mark: str) -> list[str]:
    """Return a title and lines as Markdown."""
    lines = [markdown_line(line, mark) for line in message.lines]
    return [f"**{escape_markdown(message.title)}**", *lines, *message.rest]


def markdown_line(line: Line, mark: str) -> str:
    """Return a line as Markdown."""
    link = f" [{line.label}]({quote_link(line.link)})" if line.link else ""
    return f"{mark}{escape_markdown(line.text)}{link}"


def quote_link(link: str) -> str:
    """Return an address that ends nowhere inside of markup."""
    return re.sub(r"[\s<>|()\[\]\"\\]", lambda match: f"%{ord(match.group()):02X}", link)


PAYLOADS: dict[str, Callable[[Message], Payload]] = {
    "slack": of_slack,
    "teams": of_teams,
    "mattermost": of_mattermost,
    "discord": of_discord,
    "webhook": of_webhook,
}
