"""Who is told when a default branch turns red or green again, and when nobody is."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from config import values
from config.layers import BadSetting
from config.sources import Setting
from engines.reaching.loopback import is_loopback

CHATS = ("slack", "teams", "mattermost", "discord", "webhook")
"""Targets that are an address of HTTP."""
ADDRESSES = {name: f"ALERT_{name.upper()}_URL" for name in CHATS}
"""Their settings."""
MAIL = "mail"


class QuietHours(NamedTuple):
    """Times of day between which nothing is sent; over midnight where `since` is the later one."""

    since: time
    until: time

    def has(self, moment: time) -> bool:
        """Tell whether a time of day is quiet."""
        if self.since < self.until:
            return self.since <= moment < self.until
        return moment >= self.since or moment < self.until


class MailServer(NamedTuple):
    """A server that takes mail; with `is_tls` the connection begins with TLS, else by STARTTLS."""

    host: str
    port: int
    is_tls: bool
    login: str | None
    password: str | None


class AlertSettings(NamedTuple):
    """What is told to whom; without a target nothing is sent."""

    addresses: Mapping[str, str]
    """By the names of CHATS; each is a secret."""
    mail_to: tuple[str, ...]
    mail_from: str | None
    server: MailServer | None
    quiet: QuietHours | None

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of those who are told."""
        return (*self.addresses, *([MAIL] if self.mail_to else []))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be printed, logged or kept in argv: addresses, their paths, a password."""
        paths = [f"{parts.path}?{parts.query}" for parts in map(urlsplit, self.addresses.values())]
        password = self.server.password if self.server else None
        return (*self.addresses.values(), *paths, *filter(None, [password]))


def hook_address(text: str) -> str | None:
    """Return the address of an incoming webhook: https, or this machine."""
    try:
        parts = urlsplit(text)
        is_good = parts.scheme == "https" or (
            parts.scheme == "http" and is_loopback(parts.hostname)
        )
        is_good = is_good and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        is_good = False
    if text and not (is_good and not re.search(r"\s", text)):
        raise ValueError("is no https address")
    return text or None


def mail_addresses(text: str) -> tuple[str, ...]:
    """Return addresses of mail, separated by commas."""
    addresses = tuple(part.strip() for part in text.split(",") if part.strip())
    if any(re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", one) is None for one in addresses):
        raise ValueError("is no list of addresses like team@example.org")
    return addresses


def mail_address(text: str) -> str | None:
    """Return one address of mail."""
    addresses = mail_addresses(text)
    if len(addresses) > 1:
        raise ValueError("is one address, not several")
    return addresses[0] if addresses else None


def mail_server(text: str) -> MailServer | None:
    """Return a server of an address like smtp://user:password@mail.example.org:587."""
    if not text:
        return None
    why = "is no address like smtp://user:password@mail.example.org:587, or smtps://"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(why) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise ValueError(why)
    is_tls = parts.scheme == "smtps"
    login = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return MailServer(parts.hostname, port or (465 if is_tls else 587), is_tls, login, password)


def quiet_hours(text: str) -> QuietHours | None:
    """Return the hours of a text like 22:00-07:00."""
    if not text:
        return None
    since, dash, until = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no span like 22:00-07:00")
    quiet = QuietHours(values.time_of_day(since.strip()), values.time_of_day(until.strip()))
    if quiet.since == quiet.until:
        raise ValueError(f"{text!r} is all day: leave the targets out instead")
    return quiet


SETTINGS: dict[str, Setting] = {
    **{setting: Setting(None, hook_address) for setting in ADDRESSES.values()},
    "ALERT_MAIL_TO": Setting("", mail_addresses),
    "ALERT_MAIL_FROM": Setting(None, mail_address),
    "ALERT_SMTP_URL": Setting(None, mail_server),
    "ALERT_QUIET_HOURS": Setting("", quiet_hours),
}


def filled(checked: Mapping[str, Any]) -> AlertSettings:
    """Return the settings of their checked values. Raises BadSetting."""
    addresses = {name: checked[setting] for name, setting in ADDRESSES.items()}
    to, sender = checked["ALERT_MAIL_TO"], checked["ALERT_MAIL_FROM"]
    server = checked["ALERT_SMTP_URL"]
    if to and server is None:
        raise BadSetting("ALERT_SMTP_URL", "is needed to send mail to ALERT_MAIL_TO")
    return AlertSettings(
        {name: address for name, address in addresses.items() if address},
        to,
        sender or (to[0] if to else None),
        server,
        checked["ALERT_QUIET_HOURS"],
    )
