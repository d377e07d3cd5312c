"""Whether two URLs lead to one database, as far as they say it."""

from pathlib import Path

from sqlalchemy import URL

from engines.kind import kind_of
from engines.reaching.loopback import is_loopback

PORTS = {"mysql": 3306, "mariadb": 3306, "postgresql": 5432}


def place_of(url: URL) -> str:
    """Return where a database is, without who enters it and how."""
    if kind_of(url).is_file:
        return str(Path(url.database or "").resolve())
    host = "" if is_loopback(url.host) else str(url.host).lower()
    port = url.port or PORTS[url.get_backend_name()]
    return f"{host}:{port}/{url.database} {url.query.get('host', '')}"
