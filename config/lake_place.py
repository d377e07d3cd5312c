"""Where the lake is: its catalog, its files, and the keys to both. Read by lake.py alone.

The seed's names (`DUCKLAKE_*`, `AWS_*`) are understood, too: duckdb-dev-dashboard's `.env` works
as it is.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from config import values
from config.layers import BadSetting, find_text, read_dotenv

CATALOG, DATA = "sqlite:data/lake/catalog.sqlite", "data/lake/files/"
SEED_DATABASE = "ducklake_catalog"
SQLITE, POSTGRES = "sqlite", "postgres"

NO_MYSQL = (
    "a MySQL or MariaDB catalog takes no second write to a table (DuckLake 1.0): use sqlite:PATH"
    " or postgres:..., and your store stays where it is"
)


BAD_PLACE = (
    "is a folder or s3://bucket/prefix/, whose bucket has 3 to 63 small letters, digits, dots and"
    " hyphens"
)


class ObjectStore(NamedTuple):
    """How the server of an `s3://` folder is reached; without keys as nobody."""

    key: str | None
    secret: str | None
    token: str | None
    region: str
    endpoint: str | None
    """Host and port of a server that is not Amazon's."""
    tls: bool


class LakeSettings(NamedTuple):
    """Where the lake is."""

    kind: str
    """SQLITE or POSTGRES."""
    catalog: str
    """Path of the file, or what libpq reads: `host=... dbname=...`, without a password."""
    password: str | None
    data: str
    """A folder, or `s3://bucket/prefix/`."""
    objects: ObjectStore | None
    """For `s3://` alone."""

    def __repr__(self) -> str:
        """Leave out what must not reach a log."""
        return f"LakeSettings({self.kind}, {self.data!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must not be printed."""
        given = (self.password, *(self.objects[1:3] if self.objects else ()))
        return tuple(text for text in given if text)


def read_lake(
    environ: Mapping[str, str] = os.environ, folder: Path | None = None, target: str = ""
) -> LakeSettings:
    """Return where the lake is, of `environ` and `folder`'s `.env`. Raises BadSetting.

    With a `target` its files are there, as those of a copy.
    """
    folder = folder or Path.cwd()
    layers = (environ, read_dotenv(folder / ".env"))

    def text(name: str) -> str | None:
        return find_text(name, layers, folder)

    host = text("DUCKLAKE_HOST")
    usual = f"{POSTGRES}:host={quoted(host)} dbname={SEED_DATABASE}" if host else CATALOG
    kind, place, own = split_catalog(text("LAKE_CATALOG") or usual)
    if kind == POSTGRES and host and "user=" not in place and (user := text("DUCKLAKE_USER")):
        place += f" user={quoted(user)}"
    password = text("LAKE_CATALOG_PASSWORD") or text("DUCKLAKE_DB_PASSWORD") or own
    bucket = text("DUCKLAKE_S3_BUCKET")
    usual_data = bucket_folder(bucket) if bucket else DATA
    given = text("LAKE_DATA")
    name = "DIR" if target else "DUCKLAKE_S3_BUCKET" if bucket and not given else "LAKE_DATA"
    data = read_data(target or given or usual_data, name)
    objects = read_objects(text) if data.startswith("s3://") else None
    return LakeSettings(kind, place, password if kind == POSTGRES else None, data, objects)


def split_catalog(text: str) -> tuple[str, str, str | None]:
    """Return a catalog's kind, its place and the password that stands in it. Raises BadSetting."""
    kind, colon, place = text.partition(":")
    if kind.lower() in ("mysql", "mariadb", "mysql+pymysql"):
        raise BadSetting("LAKE_CATALOG", NO_MYSQL)
    if kind in ("postgresql", "postgresql+psycopg") or place.startswith("//"):
        raise BadSetting("LAKE_CATALOG", "is postgres:host=... dbname=... user=..., not a URL")
    if not colon or not place or kind not in (SQLITE, POSTGRES):
        raise BadSetting("LAKE_CATALOG", "is sqlite:PATH or postgres:host=... dbname=...")
    if kind == SQLITE:
        return kind, place, None
    password = re.search(r"\bpassword\s*=\s*('(?:[^'\\]|\\.)*'|\S+)", place)
    if password is None:
        return kind, place, None
    plain = re.sub(r"\\(.)", r"\1", password[1].strip("'"))
    return kind, (place[: password.start()] + place[password.end() :]).strip(), plain


def quoted(text: str) -> str:
    """Return a value as libpq reads it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def bucket_folder(text: str) -> str:
    """Return the folder of a bucket, which the seed writes as `name`, `s3:name/` or `s3://name`."""
    return f"s3://{re.sub(r'^s3:/{0,2}', '', text).rstrip('/')}/"


def read_data(text: str, name: str) -> str:
    """Return the folder of the files. Raises BadSetting."""
    if text.startswith("s3:"):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        is_bad = not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{2,62}(/[^\s'\"]*)?", text)
    else:
        is_bad = "://" in text
    if is_bad:
        raise BadSetting(name, BAD_PLACE)
    return with_slash(text)


def with_slash(text: str) -> str:
    """Return a folder's name as one."""
    return text if text.endswith("/") else f"{text}/"


def read_objects(text: Callable[[str], str | None]) -> ObjectStore:
    """Return how the server of the files is reached. Raises BadSetting."""
    key, secret = text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY")
    if bool(key) != bool(secret):
        missing = "AWS_SECRET_ACCESS_KEY" if key else "AWS_ACCESS_KEY_ID"
        raise BadSetting(missing, "is missing: both keys or none")
    endpoint = text("AWS_ENDPOINT_URL")
    scheme, _, host = (endpoint or "https://").partition("://")
    if scheme not in ("http", "https") or "/" in host.rstrip("/"):
        raise BadSetting("AWS_ENDPOINT_URL", "is http://host:port or https://host")
    return ObjectStore(
        key=key,
        secret=values.secret_text(secret) if secret else None,
        token=text("AWS_SESSION_TOKEN"),
        region=text("AWS_REGION") or "us-east-1",
        endpoint=host.rstrip("/") or None,
        tls=scheme == "https",
    )
