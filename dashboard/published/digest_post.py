"""`--digest --post`: the digest to a room, in the words that its kind of webhook takes.

By an address, whose host tells the kind; or by the name of a target that the settings have.
"""

import re
from urllib.parse import urlsplit

from alerts import http_post
from alerts.outcome import Outcome
from alerts.payloads import PAYLOADS, escape_slack
from alerts.sending import send
from alerts.turn_text import Line, Message
from config.alert_settings import ADDRESSES, MAIL, AlertSettings, hook_address
from config.layers import BadSetting

NAMES = (*ADDRESSES, MAIL)
HOSTS = {
    "discord.com": "discord",
    "discordapp.com": "discord",
    "webhook.office.com": "teams",
    "logic.azure.com": "teams",
    "api.powerplatform.com": "teams",
}
"""Rooms that take no plain text, by the end of their host's name."""
LINK = re.compile(r" \[(https?://[^\s\]]+)\]$")


def check_target(target: str) -> None:
    """Refuse what is neither a name nor a safe address. Raises BadSetting."""
    try:
        _ = target in NAMES or hook_address(target)
    except ValueError as error:
        raise BadSetting("--post", f"{error}, and none of {', '.join(NAMES)}") from error


def post(target: str, text: str, settings: AlertSettings) -> Outcome:
    """Send a text once; return what became of it. Raises BadSetting: no such target is set."""
    if target not in NAMES:
        kind = kind_of(target)
        if kind is None:
            return http_post.post(target, {"text": escape_slack(text), "mrkdwn": False})
        return http_post.post(target, PAYLOADS[kind](write_message(text)))
    if target not in settings.targets:
        name = ADDRESSES.get(target, "ALERT_MAIL_TO")
        raise BadSetting("--post", f"{target} needs {name}, which is not set")
    return send(settings, target, write_message(text))


def kind_of(url: str) -> str | None:
    """Return the kind of room that an address is of; None for one that takes plain text."""
    host = (urlsplit(url).hostname or "").lower()
    return next((kind for end, kind in HOSTS.items() if f".{host}".endswith(f".{end}")), None)


def write_message(text: str) -> Message:
    """Return a text as a message: its first line is the title, an address at an end a link."""
    title, *lines = (line for line in text.splitlines() if line)
    link = LINK.search(title)
    home = [Line("All of it", link[1], "Nights")] if link else []
    return Message(LINK.sub("", title), (*home, *map(write_line, lines)), 0, ())


def write_line(text: str) -> Line:
    """Return a line, with its address apart."""
    link, text = LINK.search(text), LINK.sub("", text).removeprefix("- ")
    return Line(text, link[1] if link else None, "Page")
