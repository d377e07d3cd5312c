"""Write a frozen lake: a catalog in one file beside its Parquet files, for readers without us.

Any web server that answers ranges serves it. The files have names of their own and go first, the
catalog last: whoever reads meanwhile has the lake as it was. What neither the new catalog names nor
the one before is removed: readers of that one may still have it open.
"""

import re
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from config.argv import hide_secrets
from config.lake_place import LakeSettings, read_lake, with_slash
from lake.catalog import data_path, literal, open_lake, write_rows_as_files
from lake.extensions import scratch_folder
from rows.counted import counted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CATALOG, FILES = "catalog.ducklake", "files/"
SOURCE = "__ducklake_metadata_lake"
"""What DuckLake calls the catalog's own tables."""
KINDS = ("ducklake_data_file", "ducklake_delete_file")
"""The catalog's tables of files."""


class CannotPublish(Exception):
    """Why nothing was published, in one line."""


class Published(NamedTuple):
    """How many files the frozen lake has, how many of them are new, and how many bytes it is."""

    files: int
    copied: int
    size: int


def publish(settings: LakeSettings, target: LakeSettings, url: str | None = None) -> Published:
    """Publish the lake, all of its history, into `target.data`. Raises CannotPublish, duckdb.Error.

    With its `url` the catalog says where its files are, else whoever attaches it does. The caller
    holds the lease of the lake's writers: a file must not go while it is copied.
    """
    with (
        TemporaryDirectory(dir=scratch_folder()) as folder,
        closing(open_lake(settings, write=True, target=target)) as lake,
    ):
        is_known = find_former(lake, target)
        # Rows that stand in the catalog are of its kind's types; files are the same everywhere.
        write_rows_as_files(lake)
        frozen, former = Path(folder) / CATALOG, Path(folder) / "former"
        if is_known:
            copy_file(lake, f"{target.data}{CATALOG}", str(former))
        files = freeze(lake, frozen, url)
        copied = copy_files(lake, data_path(settings), target.data, files)
        copy_file(lake, str(frozen), f"{target.data}{CATALOG}")
        remove_old(lake, frozen, former if is_known else None, target)
        return Published(len(files), copied, sum(files.values()) + frozen.stat().st_size)


def read_target(text: str | None, url: str | None) -> LakeSettings:
    """Return where a frozen lake is to be. Raises CannotPublish, BadSetting."""
    if not text:
        raise CannotPublish("publish needs a place: lake.py publish DIR, or s3://bucket/prefix")
    if url and not re.fullmatch(r"(https?|s3)://[^\s'\"?#]+", url):
        raise CannotPublish(f"--url {url!r} is no address of a folder: https://host/path")
    target = read_lake(target=text)
    hide_secrets(target.secrets)
    return target


def publish_and_tell(settings: LakeSettings, target: LakeSettings, url: str | None) -> str:
    """Publish the lake, and return what is told. Raises CannotPublish, duckdb.Error."""
    try:
        done = publish(settings, target, url)
    except OSError as error:
        place = error.filename or target.data
        raise CannotPublish(f"{place} cannot be read or written: {error.strerror}") from error
    size = f"{done.size / 1_000_000:,.1f} MB"
    files = f"{counted(done.files, 'file')}, {size}; {done.copied} of them new"
    return f"{files}\n{attach_lines(target, url)}"


def find_former(lake: "DuckDBPyConnection", target: LakeSettings) -> bool:
    """Tell whether a frozen lake is there. Raises CannotPublish where something else is."""
    if target.objects is None:
        place = Path(target.data)
        if place.exists() and not place.is_dir():
            raise CannotPublish(f"{target.data} is a file")
        names = [file.name for file in place.iterdir()] if place.exists() else []
    else:
        pattern = literal(f"{target.data}**")
        names = [path for (path,) in lake.execute(f"FROM glob({pattern})").fetchall()]
    is_known = any(Path(name).name == CATALOG for name in names)
    # Files without a catalog are of a first publication that was killed.
    if not is_known and any(f"/{FILES}" not in f"/{name}/" for name in names):
        raise CannotPublish(f"{target.data} is not empty, and holds no {CATALOG} of before")
    return is_known


def freeze(lake: "DuckDBPyConnection", frozen: Path, url: str | None) -> dict[str, int]:
    """Write the catalog into a file of DuckDB's; return its files' paths and sizes."""
    name = literal(f"ducklake:{frozen}")
    lake.execute(
        f"ATTACH {name} AS frozen (DATA_PATH {literal(f'{frozen.parent}/')}, META_BLOCK_SIZE 16384)"
    )
    lake.execute("DETACH frozen")
    lake.execute(f"ATTACH {literal(str(frozen))} AS target")
    lake.execute("BEGIN")
    tables = lake.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'target'"
    ).fetchall()
    for (table,) in tables:
        lake.execute(f"DELETE FROM target.{table}")
        if table not in ("ducklake_inlined_data_tables", "ducklake_files_scheduled_for_deletion"):
            lake.execute(f"INSERT INTO target.{table} BY NAME FROM {SOURCE}.{table}")
    # DuckLake looks for a short path in the reader's current folder, not beside the catalog.
    lake.execute("DELETE FROM target.ducklake_metadata WHERE key = 'data_path'")
    if url:
        place = literal(f"{with_slash(url)}{FILES}")
        lake.execute(
            f"INSERT INTO target.ducklake_metadata (key, value) SELECT 'data_path', {place}"
        )
    lake.execute("COMMIT")
    check_places(lake)
    files = dict(list_files(lake))
    lake.execute("DETACH target")
    return files


def check_places(lake: "DuckDBPyConnection") -> None:
    """Raise CannotPublish where the lake has files or rows that would not come along."""
    for kind in KINDS:
        query = f"SELECT path FROM target.{kind} WHERE NOT path_is_relative LIMIT 1"
        outside = lake.execute(query).fetchone()
        if outside:
            raise CannotPublish(f"{outside[0]} lies outside of LAKE_DATA")


def list_files(lake: "DuckDBPyConnection") -> list[tuple[str, int]]:
    """Return the paths of the target's files, from the folder that they are in, and the sizes."""
    part = (
        "SELECT s.path || t.path || f.path, f.file_size_bytes FROM target.{} f"
        " JOIN target.ducklake_table t USING (table_id)"
        " JOIN target.ducklake_schema s USING (schema_id)"
    )
    return lake.execute(" UNION ".join(part.format(kind) for kind in KINDS)).fetchall()


def copy_files(
    lake: "DuckDBPyConnection", source: str, target: str, files: Mapping[str, int]
) -> int:
    """Copy what the target lacks; return how many files that was."""
    known = list_sizes(lake, f"{target}{FILES}")
    lacking = [path for path, size in sorted(files.items()) if known.get(path) != size]
    for path in lacking:
        copy_file(lake, f"{source}{path}", f"{target}{FILES}{path}")
    return len(lacking)


def list_sizes(lake: "DuckDBPyConnection", folder: str) -> dict[str, int]:
    """Return the paths of the files in a folder, from it, and their sizes."""
    if not folder.startswith("s3://"):  # whose name may have a `[`
        own = Path(folder)
        return {str(one.relative_to(own)): one.stat().st_size for one in own.rglob("*.parquet")}
    pattern = literal(f"{folder}**/*.parquet")
    if not lake.execute(f"FROM glob({pattern}) LIMIT 1").fetchone():
        return {}
    query = f"SELECT filename, size FROM read_blob({pattern})"
    return {name.removeprefix(folder): size for name, size in lake.execute(query).fetchall()}


def copy_file(lake: "DuckDBPyConnection", source: str, target: str) -> None:
    """Copy a file, from or to a bucket, too; it is there as a whole or not at all."""
    if target.startswith("s3://"):
        copy_blob(lake, source, target)
        return
    file = Path(target)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    if source.startswith("s3://"):
        copy_blob(lake, source, str(part))
    else:
        shutil.copyfile(source, part)
    part.replace(file)


def copy_blob(lake: "DuckDBPyConnection", source: str, target: str) -> None:
    """Copy a file by DuckDB, which knows the way to a bucket."""
    content = f"SELECT content FROM read_blob({literal(source)})"
    lake.execute(f"COPY ({content}) TO {literal(target)} (FORMAT blob)")


def remove_old(
    lake: "DuckDBPyConnection", frozen: Path, former: Path | None, target: LakeSettings
) -> None:
    """Remove the files that neither of two catalogs names."""
    lake.execute(f"ATTACH {literal(str(frozen))} AS target")
    if former:
        # What a catalog is to delete later is no orphan.
        lake.execute(f"ATTACH {literal(str(former))} AS former (READ_ONLY)")
        lake.execute(
            "INSERT INTO target.ducklake_files_scheduled_for_deletion"
            + " UNION ".join(
                " SELECT f.data_file_id, s.path || t.path || f.path, true, now()"
                f" FROM former.{kind} f JOIN former.ducklake_table t USING (table_id)"
                " JOIN former.ducklake_schema s USING (schema_id)"
                for kind in KINDS
            )
        )
        lake.execute("DETACH former")
    lake.execute("DETACH target")
    name, place = literal(f"ducklake:{frozen}"), literal(f"{target.data}{FILES}")
    lake.execute(f"ATTACH {name} AS frozen (DATA_PATH {place}, OVERRIDE_DATA_PATH true)")
    lake.execute("CALL ducklake_delete_orphaned_files('frozen', cleanup_all => true)")
    lake.execute("DETACH frozen")


def attach_lines(target: LakeSettings, url: str | None = None) -> str:
    """Return what attaches the frozen lake in DuckDB's shell, for anybody."""
    if url:
        return f"ATTACH {literal(f'ducklake:{with_slash(url)}{CATALOG}')} AS lake (READ_ONLY);"
    place = target.data if target.objects else f"{Path(target.data).absolute()}/"
    over_http = "-- over http, after INSTALL ducklake and INSTALL httpfs:"
    return "\n".join([attachment(place), over_http, attachment(web_address(target))])


def attachment(place: str) -> str:
    """Return the ATTACH of a frozen lake whose catalog does not say where its files are."""
    catalog, files = literal(f"ducklake:{place}{CATALOG}"), literal(f"{place}{FILES}")
    return f"ATTACH {catalog} AS lake (READ_ONLY, DATA_PATH {files});"


def web_address(target: LakeSettings) -> str:
    """Return where a web server has a frozen lake, as far as that is known."""
    objects = target.objects
    if objects is None:
        return "https://HOST/PATH/"
    path = target.data.removeprefix("s3://")
    if objects.endpoint:
        return f"http{'s' if objects.tls else ''}://{objects.endpoint}/{path}"
    bucket, _, prefix = path.partition("/")
    return f"https://{bucket}.s3.{objects.region}.amazonaws.com/{prefix}"
