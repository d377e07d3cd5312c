"""Pure: a message -> what each kind of incoming webhook takes; names mention nobody there.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
Teams: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
Mattermost: https://developers.mattermost.com/integrate/webhooks/incoming/
Discord: https://discord.com/developers/docs/resources/webhook#execute-webhook
"""

import re
from collections.abc import Callable
from typing import Any

from alerts.turn_text import Message

LONGEST_DISCORD = 2000
SUPPRESS_EMBEDS = 4
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~:@&])")
BREAK = "\u200b"
"""Written after what would mention somebody: it has no width."""

Payload = dict[str, Any]


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
    text = ""
    for line in markdown_lines(message, "- "):
        if len(text) + len(line) > LONGEST_DISCORD - 10:
            text += "\nand more"
            break
        text += f"\n{line}" if text else line
    nobody: dict[str, list[str]] = {"parse": []}
    return {"content": text, "allowed_mentions": nobody, "flags": SUPPRESS_EMBEDS}


def of_teams(message: Message) -> Payload:
    """Return what the workflow of a Teams channel takes: an Adaptive Card."""
    title, *lines = markdown_lines(message, "")
    texts = [{"type": "TextBlock", "text": line, "wrap": True} for line in lines]
    head = {"type": "TextBlock", "text": title, "wrap": True, "size": "Medium"}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [head, *texts],
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
    lines = [f"**{escape_markdown(message.title)}**"]
    for line in message.lines:
        link = f" [{line.label}]({quote_link(line.link)})" if line.link else ""
        lines.append(f"{mark}{escape_markdown(line.text)}{link}")
    return [*lines, *message.rest]


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
