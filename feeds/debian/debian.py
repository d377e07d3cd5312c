"""Print the packages of apt's lists: Packages and Sources files, in the form of deb822(5)."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NEEDS = {
    "Pre-Depends": "runtime",
    "Depends": "runtime",
    "Recommends": "recommended",
    "Suggests": "optional",
}
NEEDED = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?::\w+)?(?:\s*\(([^)]*)\))?")


def main() -> int:
    """Print all rows, in the order in which they name each other."""
    folder = Path(os.environ.get("DEBIAN_LISTS", "/var/lib/apt/lists"))
    lists = sorted(folder.glob("*_Packages*"))
    if not lists:
        print("no lists of packages here: run apt-get update, or set DEBIAN_LISTS", file=sys.stderr)
        return 78
    newest, sources = read_newest(lists), read_newest(sorted(folder.glob("*_Sources*")))
    for name, stanza in newest.items():
        emit("packages", name=name, import_id=name, latestversion=stanza["Version"])
    for name, stanza in newest.items():
        size = int(stanza["Size"]) if stanza.get("Size", "").isdigit() else None
        emit("versions", package=name, version=stanza["Version"], size=size)
    for stanza in newest.values():
        emit_needs(stanza)
    for name, stanza in newest.items():
        for kind, url in addresses(stanza, sources):
            emit("package_urls", package=name, type=kind, url=url[:512])
    emit_whole("packages")
    emit_whole("versions")
    print(json.dumps({"type": "STATE", "value": {"lists": [path.name for path in lists]}}))
    return 0


def read_newest(lists: list[Path]) -> dict[str, dict[str, str]]:
    """Return the newest stanza of each name; one that only is a source of others does not count."""
    newest = dict[str, dict[str, str]]()
    for path in lists:
        for stanza in stanzas(path):
            old = newest.get(stanza["Package"])
            if "Extra-Source-Only" not in stanza and (
                old is None or is_newer(stanza["Version"], old["Version"])
            ):
                newest[stanza["Package"]] = stanza
    return newest


def addresses(
    stanza: dict[str, str], sources: dict[str, dict[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield a package's addresses with their types; its source tells more, where that is listed.

    `Source: name (version)` where the version is another one; Vcs-Git is where it is packaged, not
    where it comes from, and may have options behind the address.
    """
    if homepage := stanza.get("Homepage", "").strip():
        yield "homepage", homepage
    name = stanza.get("Source", stanza["Package"]).partition("(")[0].strip()
    source = sources.get(name, {})
    if packaging := source.get("Vcs-Git", "").split():
        yield "packaging", packaging[0]
    if path := source.get("Go-Import-Path", "").replace(",", " ").split():
        yield "repository", f"https://{path[0]}"


def stanzas(path: Path) -> Iterator[dict[str, str]]:
    """Yield the stanzas of a list, with the fields that are needed."""
    kept = {*"Package Version Size Homepage Provides Source Extra-Source-Only".split(), *NEEDS}
    kept |= {"Vcs-Git", "Go-Import-Path"}
    stanza, field = dict[str, str](), ""
    for line in text_of(path):
        if not line.strip():
            if "Package" in stanza and "Version" in stanza:
                yield stanza
            stanza, field = {}, ""
        elif line[0] in " \t":
            if field in kept:
                stanza[field] += " " + line.strip()
        else:
            field, _, value = line.partition(":")
            if field in kept:
                stanza[field] = value.strip()
    if "Package" in stanza and "Version" in stanza:
        yield stanza


def text_of(path: Path) -> Iterator[str]:
    """Yield the lines of a list, which apt may keep compressed."""
    if path.suffix not in (".lz4", ".xz", ".gz"):
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
        return
    reader = ["/usr/lib/apt/apt-helper", "cat-file", str(path)]
    with subprocess.Popen(reader, stdout=subprocess.PIPE) as process:  # noqa: S603 - no shell
        for line in process.stdout or ():
            yield line.decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"{path.name} cannot be read")


def emit_needs(stanza: dict[str, str]) -> None:
    """Print what a package needs and provides: `a | b` are alternatives of one place."""
    own = {"package": stanza["Package"], "version": stanza["Version"]}
    position = 0
    for field, kind in NEEDS.items():
        for part in filter(None, map(str.strip, stanza.get(field, "").split(","))):
            position += 1
            for alternative, choice in enumerate(part.split("|")):
                match = NEEDED.match(choice.strip())
                if match:
                    place = {"position": position, "alternative": alternative, "kind": kind}
                    emit("dependencies", **own, **place, name=match[1], range=match[2] or None)
    for part in filter(None, map(str.strip, stanza.get("Provides", "").split(","))):
        match = NEEDED.match(part)
        if match:
            provided = match[2].removeprefix("=").strip() if match[2] else None
            emit("provides", **own, name=match[1], provided=provided)


def is_newer(version: str, other: str) -> bool:
    """Compare two versions as dpkg does (https://www.debian.org/doc/debian-policy/ch-controlfields.html)."""
    return sort_key(version) > sort_key(other)


def sort_key(version: str) -> list[object]:
    """Return what orders versions: epoch, then letters and numbers by turns; ~ before the end."""
    epoch, colon, rest = version.partition(":")
    upstream, _, revision = (rest if colon else epoch).rpartition("-")
    parts = (upstream, revision) if upstream else (revision, "")
    return [int(epoch) if colon and epoch.isdigit() else 0, *map(part_key, parts)]


def part_key(part: str) -> list[tuple[list[int], int]]:
    pieces = re.findall(r"(\D*)(\d*)", part)
    return [
        (
            [-1 if letter == "~" else ord(letter) + 256 * (not letter.isalpha()) for letter in text]
            + [0],
            int(number or 0),
        )
        for text, number in pieces
    ]


def emit(stream: str, **record: object) -> None:
    print(json.dumps({"type": "RECORD", "stream": stream, "record": record}))


def emit_whole(stream: str) -> None:
    print(json.dumps({"type": "ACTIVATE_VERSION", "stream": stream, "version": 1}))


if __name__ == "__main__":
    sys.exit(main())
