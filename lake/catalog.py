"""Open the lake: attach its catalog, make it where it is to be made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from config.lake_place import POSTGRES, SQLITE, LakeSettings, ObjectStore
from lake.extensions import PROVEN_BY_PIP, open_duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NAME = "lake"
NONE = "there is no lake yet: python3 lake.py sync makes it"
NOT_MADE = "creating a new DuckLake is explicitly disabled"
KEYS = ("s3_access_key_id", "s3_secret_access_key", "s3_session_token")
"""Settings that httpfs fills from the environment, where any SQL could read them. A login that
HTTP_PROXY names cannot be hidden so: DuckDB needs it there."""
PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""Seconds, and tries, after which a catalog's server counts as away; libpq waits for ever."""
MEMORY = "2GB"
"""What DuckDB may take: a first copy of 5,000,000 jobs took more than 1."""


class NoLake(Exception):
    """Why there is no lake to read."""


def open_lake(
    settings: LakeSettings,
    *,
    write: bool = False,
    make: bool = False,
    moment: datetime | None = None,
    target: LakeSettings | None = None,
) -> "DuckDBPyConnection":
    """Return a DuckDB on the lake, whose tables are found by their bare names.

    `write` lets it change the lake, `make` makes one that is not there; otherwise it reads, at
    `moment` (with its zone) what was known then. It reaches the bucket of a `target`, too.
    Raises NoLake, NotInstalled, duckdb.Error.
    """
    if not make:
        require_file(settings)
    names = ["sqlite_scanner" if settings.kind == SQLITE else "postgres_scanner", "ducklake"]
    buckets = {"lake_files": settings, **({"target_files": target} if target else {})}
    needs_http = any(one.objects for one in buckets.values())
    # Only what runs SQL of others has extensions' signatures proven, too (decision 84).
    proven = PROVEN_BY_PIP if write or make else {}
    connection = open_duckdb(*names, *(["httpfs"] if needs_http else []), **proven)
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    if settings.kind == POSTGRES and settings.password:
        # In ATTACH it would be in each error about the catalog, and in `duckdb_databases()`.
        connection.execute(f"CREATE SECRET (TYPE postgres, PASSWORD {literal(settings.password)})")
    for name, bucket in buckets.items():
        for statement in secrets_of(bucket, name):
            connection.execute(statement)
    for name in KEYS if needs_http else ():
        connection.execute(f"SET {name} = ''")
    if make:
        make_folders(settings)
    try:
        here = settings._replace(catalog=with_patience(settings))
        connection.execute(attachment(here, write=write or make, moment=moment, make=make))
    except Exception as error:
        if NOT_MADE not in str(error):
            raise
        raise NoLake(NONE) from None
    connection.execute(f"USE {NAME}")
    return connection


def with_patience(settings: LakeSettings) -> str:
    """Return the catalog's place so that a server which does not answer is waited for briefly."""
    if settings.kind != POSTGRES:
        return settings.catalog
    own = (f"{name}={value}" for name, value in PATIENCE.items() if name not in settings.catalog)
    return " ".join([settings.catalog, *own])


def require_file(settings: LakeSettings) -> None:
    """Raise NoLake where the catalog would be a file, and there is none."""
    if settings.kind == SQLITE and not Path(settings.catalog).exists():
        raise NoLake(NONE)


@contextmanager
def one_thread(connection: "DuckDBPyConnection") -> Iterator[None]:
    """Let DuckDB do with one thread what writes files of several tables.

    DuckLake d8a1881e ends each table's in a thread of its own. All of them ask the catalog over one
    connection while rows of the catalog become files, and the whole process crashed with two. To
    rewrite and to merge files asks nothing then, and has not crashed; it is no part of its promise.
    """
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute("RESET threads")


def write_rows_as_files(connection: "DuckDBPyConnection") -> None:
    """Write the rows that stand in the catalog into files. Raises duckdb.Error."""
    with one_thread(connection):
        connection.execute(f"CALL ducklake_flush_inlined_data('{NAME}')")


def make_folders(settings: LakeSettings) -> None:
    """Make the folders of a lake on disk; only its owner may read them."""
    places = [Path(settings.catalog).parent] if settings.kind == SQLITE else []
    places += [] if settings.objects else [Path(settings.data)]
    for place in places:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)


def literal(text: str) -> str:
    """Return a text as DuckDB reads it: ATTACH and CREATE SECRET take no parameters."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def attachment(
    settings: LakeSettings, *, write: bool, moment: datetime | None = None, make: bool = False
) -> str:
    """Return the ATTACH of the lake."""
    place = settings.catalog
    options = [f"DATA_PATH {literal(data_path(settings))}", "OVERRIDE_DATA_PATH true"]
    if write and not make:
        options.append("CREATE_IF_NOT_EXISTS false")
    if settings.kind == SQLITE:
        options.append("META_JOURNAL_MODE 'WAL'")
    if not write:
        options.append("READ_ONLY")
    if moment:
        options.append(f"SNAPSHOT_TIME {literal(moment.astimezone(UTC).isoformat(' '))}")
    return f"ATTACH {literal(f'ducklake:{settings.kind}:{place}')} AS {NAME} ({', '.join(options)})"


def data_path(settings: LakeSettings) -> str:
    """Return the files' folder with its whole path: a short one would be the process's."""
    return settings.data if settings.objects else f"{Path(settings.data).absolute()}/"


def secrets_of(settings: LakeSettings, name: str = "lake_files") -> list[str]:
    """Return the statements that make the secrets, in memory alone and for the bucket alone."""
    objects = settings.objects
    if objects is None:
        return []
    bucket = settings.data.removeprefix("s3://").partition("/")[0]
    parts = ["TYPE s3", f"REGION {literal(objects.region)}", f"SCOPE {literal(f's3://{bucket}')}"]
    if objects.key and objects.secret:
        parts += [f"KEY_ID {literal(objects.key)}", f"SECRET {literal(objects.secret)}"]
    if objects.token:
        parts.append(f"SESSION_TOKEN {literal(objects.token)}")
    parts += endpoint_of(objects)
    return [f"CREATE SECRET {name} ({', '.join(parts)})"]


def endpoint_of(objects: ObjectStore) -> list[str]:
    """Return the parts of a secret that lead to a server that is not Amazon's."""
    if not objects.endpoint:
        return []
    tls = str(objects.tls).lower()
    return [f"ENDPOINT {literal(objects.endpoint)}", "URL_STYLE 'path'", f"USE_SSL {tls}"]
