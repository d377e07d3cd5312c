"""Where a PostgreSQL server is, and how the way there is encrypted."""

import ssl
from pathlib import Path

from sqlalchemy import URL

from engines.kind import Login, is_loopback

ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
OWN = ("sslcert", "sslkey")
"""By what a client proves itself, where a server asks for that."""


def as_asked(place: URL) -> URL:
    """Return a URL without what would weaken the way there: sslmode, sslrootcert, gssencmode."""
    weak = [name for name in place.query if name.startswith(("ssl", "gss", "service"))]
    return place.difference_update_query(name for name in weak if name not in OWN)


def encryption(place: URL, login: Login) -> dict[str, str]:
    """Return what libpq is told of TLS. Raises OSError when the roots cannot be read."""
    if not login.tls:
        return {"sslmode": "disable"}
    if all(is_here(host) for host in hosts(place)):
        return {"sslmode": "prefer"}
    # libpq's own `system` finds no roots in the binary wheel, whose OpenSSL looks elsewhere.
    defaults = ssl.get_default_verify_paths().cafile, *ROOTS
    there = (name for name in defaults if name and Path(name).exists())
    roots = login.ssl_ca or next(there, None)
    if roots is None:
        raise FileNotFoundError("no file of the system's certificates: DATABASE_SSL_CA names one")
    ssl.create_default_context(cafile=roots)  # libpq says nothing of a file that it cannot read
    return {"sslmode": "verify-full", "sslrootcert": roots}


def hosts(place: URL) -> list[str | None]:
    """Return the hosts that a URL may lead to; it may name several, to go to one that answers."""
    named = [place.host] if place.host else []
    for name in ("host", "hostaddr"):
        given = place.query.get(name, ())
        for value in (given,) if isinstance(given, str) else given:
            named += [one.rpartition(":")[0] or one for one in value.split(",")]
    return [*named] or [None]


def is_here(host: str | None) -> bool:
    """Tell whether a host is this machine, or a folder with a socket."""
    return is_loopback(host) or str(host).startswith("/")
