"""Check one setting's text and return its value; a ValueError says what is wrong with it.

Secrets and database URLs are never part of a message.
"""

import re
import shlex
import shutil
from collections.abc import Callable
from datetime import time
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from engines.kind import examples, kind_of

SECRET_BYTES = 16
PAGE_PASSWORD_LENGTH = 12


def secret_text(text: str) -> str | None:
    """Return a password or token; empty is none."""
    return text or None


def command(text: str) -> str:
    """Return a command line whose first word can be run."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("is not a command line: a quote is not closed") from None
    if not words or shutil.which(words[0]) is None:
        raise ValueError("names no program that can be run")
    return text


def database_url(text: str) -> str:
    """Return a SQLAlchemy URL of an engine we know."""
    try:
        url = make_url(text)
        if (spelled := in_our_spelling(url)) is not url:
            url, text = spelled, spelled.render_as_string(hide_password=False)
    except (ArgumentError, ValueError):  # ValueError: a port that is not a number
        # The error's text repeats the URL and its password.
        raise ValueError(f"is not a database URL like {examples()}") from None
    kind = kind_of(url)
    if url.drivername not in kind.drivers:
        raise ValueError(f"{url.drivername} is not supported: {examples()}")
    if kind.is_file and url.database in (None, "", ":memory:"):
        raise ValueError(f"SQLite needs a file, like {kind.example}")
    if not url.database:
        raise ValueError(f"names no database: {examples()}")
    return text


def in_our_spelling(url: URL) -> URL:
    """Return a URL that PostgreSQL's programs and providers write otherwise as SQLAlchemy does.

    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
    """
    if url.drivername == "postgres":
        url = url.set(drivername="postgresql")
    if (url.host or "").upper().startswith("%2F"):  # a socket's folder
        query = {**url.query, "host": unquote(url.host or "")}
        url = URL.create(
            url.drivername, url.username, url.password, None, url.port, url.database, query
        )
    return url


def url_password(text: str) -> str | None:
    """Return the password that stands in a database URL."""
    password = make_url(text).password
    return None if password is None else str(password)


def switch(text: str) -> bool:
    """Return whether a thing is on."""
    if text.lower() not in ("on", "off"):
        raise ValueError(f"{text!r} is neither on nor off")
    return text.lower() == "on"


def existing_file(text: str) -> str:
    """Return the path of a file that is there."""
    if not Path(text).is_file():
        raise ValueError(f"there is no file {text}")
    return text


def webhook_secret(text: str) -> tuple[bytes, ...]:
    """Return one secret, or two while they are rotated, as the bytes GitHub signs with.

    https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    """
    secrets = tuple(part.strip().encode() for part in text.split(","))
    if len(secrets) > 2:
        raise ValueError(f"holds {len(secrets)} secrets: one, or two separated by a comma")
    if shorter := [secret for secret in secrets if len(secret) < SECRET_BYTES]:
        raise ValueError(
            f"a secret of {len(shorter[0])} bytes is too short: {SECRET_BYTES} or more"
        )
    return secrets


def repos(text: str) -> tuple[str, ...]:
    """Return the patterns of watched repositories as they were typed, in the order given."""
    patterns = tuple(part.strip() for part in text.split(",") if part.strip())
    if not patterns:
        raise ValueError("is empty: leave it out to watch every repository")
    return patterns


def host(text: str) -> str:
    """Return an address or a host name to listen on."""
    if not text or " " in text or "/" in text:
        raise ValueError(f"{text!r} is not an address like 0.0.0.0 or a host name")
    return text


def page_password(text: str) -> str | None:
    """Return the password of the pages, long enough that trying them all is hopeless."""
    if text and len(text) < PAGE_PASSWORD_LENGTH:
        raise ValueError(f"is too short: {PAGE_PASSWORD_LENGTH} characters or more")
    return text or None


def page_address(text: str) -> str | None:
    """Return the address that pages are reached at from outside, without a slash at its end."""
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
        _ = parts.port
    except ValueError:
        is_good = is_plain = False
    if text and not (is_good and is_plain and " " not in text):
        raise ValueError("is no address like https://ci.example.org, without a name or password")
    return text.rstrip("/") or None


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return addresses or networks, separated by commas; empty is none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tuple(ip_network(part) for part in parts)
    except ValueError:
        raise ValueError(f"{text!r} is no list of addresses like 127.0.0.1 or 10.0.0.0/8") from None


def header_name(text: str) -> str:
    """Return the name of a header of HTTP."""
    if not re.fullmatch("[A-Za-z0-9-]{1,64}", text):
        raise ValueError(f"{text!r} is no header like X-Forwarded-User")
    return text


def zone(text: str) -> ZoneInfo:
    """Return a time zone by its name in the IANA database."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise ValueError(f"{text!r} is no time zone like UTC or Europe/Berlin") from None


def time_of_day(text: str) -> time:
    """Return hour and minute of a day."""
    if not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(f"{text!r} is not a time like 12:00")
    return time.fromisoformat(text)


def number_up_to(most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from 1."""

    def number(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
            raise ValueError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    return number


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a check that accepts these texts only."""

    def choice(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is not {' or '.join(choices)}")
        return text

    return choice
