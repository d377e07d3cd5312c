"""Print the packages of an npm lock file, all versions of each, and what the newest needs.

The registry's documents (https://github.com/npm/registry, docs/responses/package-metadata.md) have
up to 20 MB, so they are read piece by piece.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from lines import emit, size_of, time_of
from packument import Reader
from progress import emit_left, emit_state, names_left, read_state
from redirects import SameHost

ALIAS = re.compile(r"npm:((?:@[^/@]+/)?[^/@]+)(?:@(.*))?")
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NAME = re.compile(r"(?=.{1,214}$)(?:@[A-Za-z0-9~_.!*'()-]+/)?[A-Za-z0-9~_.!*'()-]+")
NO_VERSIONS = {"created", "modified", "unpublished"}
"""What else has a time in a packument."""
AGAIN = (408, 425, 429)
"""With all from 500 on, the answers of a registry that cannot say now."""


class SourceDown(Exception):
    """The registry does not answer now."""


def main() -> int:
    """Print all rows, package by package."""
    try:
        names = find_names()
    except (OSError, ValueError, AttributeError) as error:
        print(f"NPM_LOCK: {error}", file=sys.stderr)
        return 78
    if not names:
        print("set NPM_LOCK, or load the feed sbom before: no packages are named", file=sys.stderr)
        return 78
    state, unread = read_state(), list[str]()
    mine = {*state.get("mine", [])}
    todo = names_left(names, mine, {*state.get("left", [])})
    try:
        while todo:
            if not load_package(todo[0]):
                unread.append(todo[0])
            todo = todo[1:]
    except SourceDown as error:
        print(error, file=sys.stderr)
        rest = [*unread, *todo]  # at a limit of calls the next load goes on with these
        emit_state(mine=sorted(mine | ({*names} - {*rest})), left=rest)
        return 75
    emit_left(names, mine)
    emit_state(mine=names)
    return 75 if unread else 0


def find_names() -> list[str]:
    """Return the names of the lock file, else of the lists of watched repositories."""
    lock = os.environ.get("NPM_LOCK", "")
    if lock:
        path = Path(__file__).parent / lock
        names = locked_names(json.loads(path.read_text("utf-8")))
    else:
        needs = os.environ.get("FEED_NEEDS")
        listed = json.loads(Path(needs).read_text("utf-8"))["listed"] if needs else []
        names = {each["name"][4:] for each in listed if each["name"].startswith("npm/")}
    return sorted(name for name in names if isinstance(name, str) and NAME.fullmatch(name))


def locked_names(lock: dict[str, Any]) -> set[str]:
    """Return the packages of a lock file of version 1, 2 or 3."""
    names = set[str]()
    for path, entry in lock.get("packages", {}).items():
        _, folder, name = path.rpartition("node_modules/")
        resolved = str(entry.get("resolved", ""))
        if folder and not entry.get("link") and not resolved.startswith(("git", "file:")):
            names.add(entry.get("name", name))
    if "packages" not in lock:
        for name, entry in lock.get("dependencies", {}).items():
            alias = ALIAS.fullmatch(entry.get("version", ""))
            names.add(alias[1] if alias else name)
            names |= locked_names({"dependencies": entry.get("dependencies", {})})
    return names


def load_package(name: str) -> bool:
    """Print a package; one that the registry does not give is left out.

    Returns whether its document could be read. Raises SourceDown.
    """
    url = os.environ.get("SOURCE_NPM_URL", "https://registry.npmjs.org").rstrip("/")
    request = urllib.request.Request(f"{url}/{quote(name, safe='@')}")  # noqa: S310 - operator's
    token = token_of("SOURCE_NPM_TOKEN")
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.build_opener(SameHost).open(request, timeout=60) as answer:
            emit_package(name, *read_packument(answer))
    except urllib.error.HTTPError as error:
        if error.code in AGAIN or error.code >= 500 or (token and error.code == 401):
            raise SourceDown(f"{url}: {error}") from error
        print(f"{name}: {error}", file=sys.stderr)
    except OSError as error:
        raise SourceDown(f"{url}: {error}") from error
    except (ValueError, RecursionError, HTTPException) as error:
        # Cut, or no JSON: of this one alone, as far as is known.
        print(f"{url}: {name}: {str(error) or type(error).__name__}", file=sys.stderr)
        return False
    return True


def token_of(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text("utf-8").strip() if path else os.environ.get(name, "")


def read_packument(file: IO[bytes]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return a packument's own fields, a row for each version, and the newest one's fields."""
    fields, rows, newest = dict[str, Any](), dict[str, dict[str, Any]](), dict[str, Any]()
    reader = Reader(file)
    for key in reader.members():
        if key != "versions":
            value = reader.value()
            if key in ("dist-tags", "time", "repository", "homepage", "bugs", "description"):
                fields[key] = value
            continue
        for version in reader.members():
            given = reader.value()
            if isinstance(given, dict):
                rows[version] = version_row(given)
                if members(fields.get("dist-tags")).get("latest", version) == version:
                    newest = given
    return fields, rows, newest


def members(given: object) -> dict[str, Any]:
    """Return what should be an object; old documents have lists, texts and nulls there."""
    return given if isinstance(given, dict) else {}


def version_row(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a version's document says of it."""
    dist = members(given.get("dist"))
    licensed, size, commit = given.get("license"), dist.get("unpackedSize"), given.get("gitHead")
    if isinstance(licensed, dict):
        licensed = licensed.get("type")
    checksum = dist.get("integrity") or dist.get("shasum")
    return {
        "license": licensed if isinstance(licensed, str) and 0 < len(licensed) <= 64 else None,
        "size": size_of(size),
        "checksum": checksum if isinstance(checksum, str) and len(checksum) <= 255 else None,
        "commithash": commit if isinstance(commit, str) and HASH.fullmatch(commit) else None,
    }


def emit_package(
    name: str, fields: dict[str, Any], rows: dict[str, dict[str, Any]], newest: dict[str, Any]
) -> None:
    """Print a package, its versions, and what its newest version needs."""
    latest = members(fields.get("dist-tags")).get("latest") or newest.get("version")
    latest = latest if isinstance(latest, str) and len(latest) <= 255 else None
    about = str(fields.get("description") or newest.get("description") or "")[:1000]
    emit(
        "packages", name=name, import_id=name, latestversion=latest, mine=True, readme=about or None
    )
    times = members(fields.get("time"))
    for version, row in rows.items():
        if 0 < len(version) <= 255:
            emit(
                "versions", package=name, version=version, published_at=time_of(times.get(version)),
                yanked=False, yankreason=None, **row,
            )  # fmt: skip
    # What was unpublished keeps its time, and is in no list of versions any more.
    for version in (
        times.keys() - rows.keys() - NO_VERSIONS if rows or "unpublished" in times else ()
    ):
        if 0 < len(version) <= 255 and (published := time_of(times.get(version))):
            own = {"package": name, "version": version, "published_at": published}
            emit("versions", **own, yanked=True, yankreason="unpublished")
    if newest and latest and latest in rows:
        emit_needs(name, latest, newest)
    for kind, url in addresses({**newest, **fields} if newest else fields):
        emit("package_urls", package=name, type=kind, url=url)


def emit_needs(name: str, version: str, given: dict[str, Any]) -> None:
    """Print what a version needs; what is optional the registry lists twice."""
    optional, peers = (
        members(given.get("optionalDependencies")),
        members(given.get("peerDependencies")),
    )
    kept = members(given.get("peerDependenciesMeta"))
    needs = [
        *((each, span, "optional", None) for each, span in optional.items()),
        *(
            (each, span, "runtime", None)
            for each, span in members(given.get("dependencies")).items()
            if each not in optional
        ),
        *(
            (
                each,
                span,
                "optional" if members(kept.get(each)).get("optional") else "runtime",
                "peer",
            )
            for each, span in peers.items()
        ),
    ]
    # Some old ones need what has no name.
    named = [need for need in needs if need[0].strip()]
    for position, (own, span, kind, onlyif) in enumerate(named, start=1):
        alias = ALIAS.fullmatch(str(span))
        needed, wanted = (alias[1], alias[2]) if alias else (own, str(span or ""))
        emit(
            "dependencies", package=name, version=version, position=position, name=needed[:512],
            kind=kind, range=(wanted or "")[:512] or None, onlyif=onlyif,
        )  # fmt: skip


def addresses(given: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a package's addresses with their types; a link tells the folder in a repository."""
    repository, bugs, home = (given.get(key) for key in ("repository", "bugs", "homepage"))
    pairs = list[tuple[str, Any]]()
    if isinstance(repository, dict):
        url, folder = repository.get("url"), repository.get("directory")
        folder = folder.removeprefix("./").strip("/") if isinstance(folder, str) else ""
        if isinstance(url, str) and folder.strip("."):
            url = f"{url.partition('#')[0].rstrip('/')}/tree/HEAD/{folder}"
        pairs.append(("repository", url))
    else:
        pairs.append(("repository", repository))
    pairs.append(("homepage", home))
    pairs.append(("issues", bugs.get("url") if isinstance(bugs, dict) else bugs))
    return [
        (kind, url.strip()[:512]) for kind, url in pairs if isinstance(url, str) and url.strip()
    ]


if __name__ == "__main__":
    sys.exit(main())
