"""Where a PostgreSQL server is, and how the way there is encrypted."""

import re
import ssl
from pathlib import Path

from sqlalchemy import URL

from engines.kind import Login
from engines.reaching.loopback import is_loopback

ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
OWN = ("sslcert", "sslkey")
"""By what a client proves itself, where a server asks for that."""


HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")
"""A host in a query, and its port: `one`, `one:5432`, `[::1]:5432`; not an address as it is."""
PORT = "5432"


def as_asked(place: URL) -> URL:
    """Return a URL without what would weaken the way there: sslmode, sslrootcert, gssencmode."""
    weak = [name for name in place.query if name.startswith(("ssl", "gss", "service"))]
    place = place.difference_update_query(name for name in weak if name not in OWN)
    return without_brackets(place)


def without_brackets(place: URL) -> URL:
    """Return a URL in whose query addresses are as libpq takes them: `[::1]:5432` is for a URL's.

    SQLAlchemy cuts such a host at its colons, or hands it on as it is.
    """
    written = listed(place, "host")
    if place.host or not any(one.startswith("[") for one in written):
        return place
    ports = listed(place, "port") or [str(place.port or PORT)]
    pairs = [host_and_port(one) for one in written]
    ports += ports[-1:] * len(pairs)
    own = [port or other or PORT for (_, port), other in zip(pairs, ports, strict=False)]
    hosts_there = ",".join(host for host, _ in pairs)
    return place.set(port=None).update_query_dict({"host": hosts_there, "port": ",".join(own)})


def host_and_port(written: str) -> tuple[str, str]:
    """Return a host of a query without brackets, and its port, empty where it has none."""
    parts = HOST.fullmatch(written)
    return (parts[1].strip("[]"), parts[2] or "") if parts else (written, "")


def listed(place: URL, name: str) -> list[str]:
    """Return the values of a name in a URL's query, where it may stand often, or hold several."""
    given = place.query.get(name, ())
    return ",".join((given,) if isinstance(given, str) else given).split(",") if given else []


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
        named += [host_and_port(one)[0] or one for one in listed(place, name)]
    return [*named] or [None]


def is_here(host: str | None) -> bool:
    """Tell whether a host is this machine, or a folder with a socket."""
    return is_loopback(host) or str(host).startswith("/")
