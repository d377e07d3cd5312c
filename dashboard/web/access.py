"""Who may come in, and what a browser may do with a page."""

import hashlib
import hmac
import time
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from config.settings import Settings
from dashboard.web.login_attempts import COOKIE_SECONDS, Crowded, KnownDevices, LoginAttempts
from engines.reaching.loopback import is_loopback

# Everything a page needs is a file of ours; nothing of a page runs that is not such a file.
# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # A link to GitHub must not tell it which filters somebody looked through.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
COOKIE = "runledger_device"
REALM = 'Basic realm="Runledger", charset="UTF-8"'


class LoginNeeded(HTTPException):
    """No password came, or a wrong one."""

    code = 401
    description = "These pages are behind a password; any user name will do."

    def get_headers(self, *arguments: object) -> list[tuple[str, str]]:
        """Ask the browser to ask."""
        return [*super().get_headers(), ("WWW-Authenticate", REALM)]


class UnknownHost(HTTPException):
    """A page of somebody else's may have sent this browser here under its own name."""

    code = 421
    description = (
        "Without a password these pages answer to the names of this machine only: "
        "open them as http://localhost, or set DASHBOARD_PASSWORD."
    )


class TooManyAttempts(HTTPException):
    """More passwords came at once than are tried."""

    code = 429
    description = "Somebody is trying passwords, and yours was not looked at: try again."

    def get_headers(self, *arguments: object) -> list[tuple[str, str]]:
        """Say how long to wait."""
        return [*super().get_headers(), ("Retry-After", "1")]


def require_login(
    app: Flask, settings: Settings, clock: Callable[[], float] = time.monotonic
) -> None:
    """Let an app demand a login: a listed proxy's header, or the password.

    Where neither is set, it demands a name of this machine.
    """
    password, tries = settings.dashboard_password, LoginAttempts(clock)
    wanted = None if password is None else hash_text(password)
    devices = None if password is None else KnownDevices(password, clock)

    def check() -> None:
        if wanted is None and not settings.dashboard_proxies:
            if not is_local(request.host):
                raise UnknownHost
            return
        if named_by_proxy(settings):
            return
        login = request.authorization
        given = login.password if login is not None and login.type == "basic" else None
        if wanted is None or devices is None or given is None:
            raise LoginNeeded
        cookie = request.cookies.get(COOKIE, "")
        is_right = hmac.compare_digest(hash_text(given), wanted)
        if devices.is_known(cookie):
            if not is_right:
                devices.note(cookie)
                raise LoginNeeded
            return
        try:
            tries.take_turn()
        except Crowded:
            raise TooManyAttempts from None
        if not is_right:
            tries.note()
            raise LoginNeeded
        g.device = devices.issue()

    def remember(response: Response) -> Response:
        if (device := g.pop("device", None)) is not None:
            response.set_cookie(
                COOKIE,
                device,
                max_age=COOKIE_SECONDS,
                secure=request.is_secure,
                httponly=True,
                samesite="Lax",
            )
        return response

    app.before_request(check)
    app.after_request(remember)


def named_by_proxy(settings: Settings) -> str:
    """Return who asks, as a listed proxy says that sends the request; empty where none does."""
    try:
        sender = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    if not any(sender in network for network in settings.dashboard_proxies):
        return ""
    return request.headers.get(settings.dashboard_login_header, "").strip()


def hash_text(text: str) -> bytes:
    """Return what passwords are compared by: of one length, whatever theirs is."""
    return hashlib.sha256(text.encode()).digest()


def is_local(host: str) -> bool:
    """Tell whether a Host header names this machine.

    A foreign name that resolves to 127.0.0.1 would let a web page read ours (DNS rebinding).
    """
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def add_headers(response: Response) -> Response:
    """Put the headers on an answer."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        # Files of ours; they change with a release, and no answer depends on who asks.
        response.headers["Cache-Control"] = "private, max-age=300"
    return response


def host_in_url(host: str) -> str:
    """Return a host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
