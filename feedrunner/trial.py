"""Where a load is tried whose rows nobody is to have: a copy of what it may change, or a
transaction that is taken back."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from engines import kind_of
from feedrunner.load_notes import Load

ALL = "TRUE"
REGISTRY = (
    "SELECT package_managers.Id FROM package_managers"
    " JOIN sources ON sources.Id = source_id WHERE type = :manager"
)
OF_VERSIONS = "version_id IN (SELECT Id FROM versions)"
CHANGED = {
    "sources": ALL,
    "package_managers": ALL,
    "url_types": ALL,
    "depends_on_types": ALL,
    "licenses": ALL,
    "packages": f"package_manager_id IN ({REGISTRY})",
    "versions": "package_id IN (SELECT Id FROM packages)",
    "dependencies": OF_VERSIONS,
    "provides": OF_VERSIONS,
    "urls": ":manager IS NOT NULL",
    "package_urls": "package_id IN (SELECT Id FROM packages)",
    "load_history": "Id IN (SELECT load_id FROM packages UNION SELECT load_id FROM versions)",
    "points": "feed = :feed",
    "repos": ALL,
}
"""What a load of a feed may change, or looks at, by table, in their order; rows of CI are copied
when an object comes that may change them."""


@contextmanager
def trial(engine: Engine, load: Load) -> Iterator[Connection]:
    """Give a connection in which a load may write, and nothing is stored after the block."""
    copied = kind_of(engine).copied
    if copied is not None:
        with copied(engine, CHANGED, {"manager": load.manager, "feed": load.feed}) as connection:
            yield connection
        return
    with engine.connect() as connection:
        try:
            yield connection
        finally:
            connection.rollback()
