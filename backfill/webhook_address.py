"""Where a webhook delivers to: whether that is a listener of ours. Pure."""

from collections.abc import Collection
from urllib.parse import urlsplit

from backfill.records import Webhook
from config.settings import BadSetting
from engines.reaching.loopback import is_loopback
from rows.sources import subject_of

PATH = "/webhook"
DEFAULT_PORTS = {"https": 443, "http": 80}


def hook_note(vendor: str, hook: int) -> str:
    """Return the subject of what is noted of a hook: two vendors' may have one number."""
    return subject_of(vendor, f"hook {hook}")


def is_ours(hook: Webhook, sending: Collection[int], url: str | None = None) -> bool:
    """Tell whether a hook delivered to us, or is meant to: to `url`, else to any listener."""
    is_meant = is_listener(hook.url) if url is None else is_same(hook.url, url)
    return hook.id in sending or is_meant


def is_listener(url: str) -> bool:
    """Tell whether an address ends as a listener's does."""
    return url.partition("?")[0].rstrip("/").endswith("/webhook")


def is_same(url: str, other: str) -> bool:
    """Tell whether two addresses lead to one place; a slash at the end makes no difference."""
    try:
        return parts_of(url) == parts_of(other)
    except ValueError:  # a hook may hold any text, also one that is no URL
        return url == other


def parts_of(url: str) -> tuple[str, str, int | None, str, str]:
    """Return a URL so that two which lead to one place are equal. Raises ValueError."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    port = parts.port or DEFAULT_PORTS.get(scheme)
    return scheme, host, port, parts.path.rstrip("/"), parts.query


def without_secrets(url: str) -> str:
    """Return an address without what may be secret in it: user, password, query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "what is no address"
    host = parts.netloc.rpartition("@")[2]
    return ascii(f"{parts.scheme}://{host}{parts.path}")[1:-1]


def check_listener_url(url: str) -> str:
    """Return the URL of a listener. Raises BadSetting."""
    try:
        parts, _ = urlsplit(url), urlsplit(url).port
    except ValueError:
        raise BadSetting("--register", "is not an address like https://HOST/webhook") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise BadSetting("--register", "is not an address like https://HOST/webhook")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise BadSetting("--register", "deliveries would come in clear: https is needed")
    if parts.path in ("", "/"):
        raise BadSetting("--register", f"has no path: the listener answers at {PATH}")
    return url
