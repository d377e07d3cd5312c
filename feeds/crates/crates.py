"""Print the crates of crates.io's dump: data/*.csv in a tar.gz (https://crates.io/data-access).

The dump has no version of its format, so each file's columns are looked at; one that is missing
ends the load by its name. Its files do not stand in the order in which rows name each other.
"""

import csv
import os
import re
import sys
import tarfile
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from http.client import HTTPException, IncompleteRead
from json import dumps
from pathlib import Path
from typing import IO

COLUMNS = {
    "crates": "id name description homepage repository documentation",
    "versions": "id crate_id num created_at yanked license crate_size downloads",
    "default_versions": "crate_id version_id",
    "dependencies": "version_id crate_id req kind optional target",
}
"""The files that are read, and the columns that they must have."""
NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no text has, but one that was cut within a letter."""
KINDS = {"0": "runtime", "1": "build", "2": "dev"}
Row = dict[str, str]


class WrongDump(Exception):
    """What is wrong with the dump."""


def main() -> int:
    """Print all rows, in the order in which they name each other."""
    folder = Path(os.environ.get("OUTPUTDIR", "."))
    try:
        with open_dump() as file:
            unpack_whole(file, folder)
        emit_all(folder)
    except HTTPException as error:
        print(f"the dump was cut: {error!r}", file=sys.stderr)
        return 75
    except (WrongDump, tarfile.TarError, EOFError, UnicodeDecodeError, csv.Error) as error:
        print(f"the dump is wrong: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"the dump cannot be read: {error}", file=sys.stderr)
        return 78 if os.environ.get("CRATES_DUMP") else 75
    return 0


def open_dump() -> IO[bytes]:
    """Open the dump. Raises OSError."""
    if path := os.environ.get("CRATES_DUMP"):
        return (Path(__file__).parent / path).open("rb")
    url = os.environ.get("SOURCE_CRATES_URL", "https://static.crates.io/db-dump.tar.gz")
    answer: IO[bytes] = urllib.request.urlopen(url, timeout=60)  # noqa: S310 - the operator's
    return answer


def unpack_whole(dump: IO[bytes], folder: Path) -> None:
    """Unpack a dump, whose end may be missing. Raises WrongDump, TarError, IncompleteRead."""
    try:
        unpack(dump, folder)
    except (WrongDump, tarfile.TarError):
        # An answer that is read by pieces does not say by itself that it was cut.
        if not dump.read(1) and (left := getattr(dump, "length", 0)):
            raise IncompleteRead(b"", left) from None
        raise


def unpack(dump: IO[bytes], folder: Path) -> None:
    """Write the files that are read into a folder. Raises WrongDump."""
    missing = {*COLUMNS}
    with tarfile.open(fileobj=dump, mode="r|gz") as archive:
        for member in archive:
            name = Path(member.name).stem
            if member.name.endswith(f"/data/{name}.csv") and name in missing:
                source = archive.extractfile(member)
                if source is not None:
                    with source, (folder / f".{name}.csv").open("wb") as file:
                        while piece := source.read(1024 * 1024):
                            file.write(piece)
                    missing.remove(name)
    if missing:
        raise WrongDump(f"it has no data/{min(missing)}.csv")


def emit_all(folder: Path) -> None:
    """Print all rows. Raises WrongDump."""
    for name in COLUMNS:
        next(rows(folder, name), None)
    default = {row["version_id"] for row in rows(folder, "default_versions")}
    numbers = dict[str, str]()
    newest = dict[str, tuple[str, str]]()
    for row in rows(folder, "versions"):
        if row["id"] in default:
            newest[row["id"]] = row["crate_id"], row["num"]
            numbers[row["crate_id"]] = row["num"]
    names = dict[str, str]()
    for row in rows(folder, "crates"):
        names[row["id"]] = row["name"]
        emit(
            "packages", import_id=row["id"], name=row["name"], latestversion=numbers.get(row["id"]),
            readme=row["description"][:1000] or None,
        )  # fmt: skip
        for kind in ("homepage", "repository", "documentation"):
            if row[kind].strip():
                emit("package_urls", package=row["id"], type=kind, url=row[kind].strip()[:512])
    for row in rows(folder, "versions"):
        if row["crate_id"] in names:
            emit_version(row)
    places = defaultdict[str, int](int)
    for row in rows(folder, "dependencies"):
        if row["version_id"] in newest and row["crate_id"] in names:
            places[row["version_id"]] += 1
            emit_need(row, *newest[row["version_id"]], names, places[row["version_id"]])
    for stream in ("packages", "versions"):
        print(dumps({"type": "ACTIVATE_VERSION", "stream": stream, "version": 1}))


def rows(folder: Path, name: str) -> Iterator[Row]:
    """Yield the rows of a file. Raises WrongDump for a column that is missing."""
    csv.field_size_limit(100_000_000)
    with (folder / f".{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for column in COLUMNS[name].split():
            if column not in (reader.fieldnames or ()):
                raise WrongDump(f"data/{name}.csv has no column {column}")
        for row in reader:
            if None in row or None in row.values():
                raise WrongDump(f"data/{name}.csv, line {reader.line_num}: fields are missing")
            yield row


def emit_version(row: Row) -> None:
    """Print a version; its checksum is called so until 2026-06, `tar_sha256` since."""
    checksum = row.get("tar_sha256") or row.get("checksum") or ""
    checksum = re.sub(r"^\\x", "sha256:", checksum)
    licensed = row["license"]
    emit(
        "versions", package=row["crate_id"], version=row["num"], import_id=row["id"],
        published_at=row["created_at"], yanked=row["yanked"] == "t",
        license=licensed if 0 < len(licensed) <= 64 else None, checksum=checksum or None,
        size=int(row["crate_size"]) if row["crate_size"].isdigit() else None,
        downloads=int(row["downloads"]) if row["downloads"].isdigit() else None,
    )  # fmt: skip


def emit_need(row: Row, package: str, version: str, names: dict[str, str], position: int) -> None:
    """Print what a crate's default version needs."""
    optional, target = row["optional"] == "t", row["target"]
    kind = KINDS.get(row["kind"])
    if kind is None:
        raise WrongDump(f"data/dependencies.csv: kind is {row['kind']!r}, not 0, 1 or 2")
    conditions = [*(["optional"] if optional else []), *([target] if target else [])]
    emit(
        "dependencies", package=package, version=version, position=position,
        name=names[row["crate_id"]], range=row["req"][:512],
        kind="optional" if optional and kind == "runtime" else kind,
        onlyif="; ".join(conditions)[:512] or None,
    )  # fmt: skip


def emit(stream: str, **record: object) -> None:
    shown = {
        name: NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
        for name, value in record.items()
    }
    print(dumps({"type": "RECORD", "stream": stream, "record": shown}))


if __name__ == "__main__":
    sys.exit(main())
