"""Print the Python packages that a requirements file comes down to, all versions of each.

pip itself resolves them and reports their metadata
(https://pip.pypa.io/en/stable/reference/installation-report/); the index's JSON gives versions
(https://packaging.python.org/en/latest/specifications/simple-repository-api/).
"""

import json
import os
import re
import shlex
import sys
import urllib.error
import urllib.request
from collections import defaultdict
from http.client import HTTPException
from pathlib import Path
from typing import Any

from index_files import normal, version_of, version_values
from running_pip import drop_names, run_pip

REQUIRED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:@\s*\S+|\(?(?P<range>[^;)]*)\)?)"
    r"\s*(?:;\s*(?P<marker>.*))?"
)
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no text has, but one that was cut within a letter."""
LABELS = {
    "source": "source sourcecode github gitlab code",
    "repository": "repository repo sourcerepository",
    "homepage": "homepage home",
    "documentation": "documentation docs",
    "changelog": "changelog changes releasenotes history whatsnew",
    "issues": "issues issuetracker bugtracker tracker bugreports bugs",
}
"""Types of addresses by their label, as PEP 753 normalises it; others lead elsewhere at times."""
TYPES = {label: kind for kind, labels in LABELS.items() for label in labels.split()}


class SourceDown(Exception):
    """The index does not answer now."""


def main() -> int:
    """Let pip resolve, print what it reports, and return the exit code."""
    requirements, named = find_requirements()
    if not requirements.is_file():
        print(f"PYPI_REQUIREMENTS: no file {requirements}", file=sys.stderr)
        return 78
    report = Path(os.environ.get("OUTPUTDIR", ".")) / ".report.json"
    command = pip_command(report, requirements, named)
    while code := (told := run_pip(command)).code:
        if is_down():
            return 75
        if not named or not drop_names(requirements, told.missing):
            return code
    return emit_all(json.loads(report.read_text("utf-8"))["install"])


def is_down() -> bool:
    """Whether the index does not answer now: pip ends as for a package that is not there."""
    if not index().startswith("http"):
        return False
    try:
        with urllib.request.urlopen(f"{index()}/", timeout=60):  # noqa: S310 - operator's
            return False
    except urllib.error.HTTPError as error:
        return is_for_now(error.code)
    except (OSError, HTTPException):
        return True


def is_for_now(code: int) -> bool:
    """Whether an answer says nothing of what was asked for."""
    return code in (408, 425, 429) or code >= 500


def emit_all(distributions: list[dict[str, Any]]) -> int:
    """Print the distributions of a report, of those that the last load did not get to."""
    by_name = {normal(each["metadata"]["name"]): each for each in distributions}
    names, state, unread = sorted(by_name), read_state(), list[str]()
    mine, left = {*state.get("mine", [])}, {*state.get("left", [])}
    todo = [name for name in names if name in left or name not in mine] if left else names
    try:
        while todo:
            if not emit_package(by_name[todo[0]]):
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


def find_requirements() -> tuple[Path, bool]:
    """Return the requirements file, and whether it is a list of names, each by itself."""
    given = os.environ.get("PYPI_REQUIREMENTS", "")
    if given:
        return Path(__file__).parent / given, False
    path = Path(os.environ.get("OUTPUTDIR", ".")) / ".names.txt"
    needs = os.environ.get("FEED_NEEDS")
    listed = json.loads(Path(needs).read_text("utf-8"))["listed"] if needs else []
    names = {each["name"].removeprefix("pypi/") for each in listed if each["name"][:5] == "pypi/"}
    # Strangers wrote them: an address or an option would have pip run code of theirs.
    names = {*filter(NAME.fullmatch, names)}
    if names:
        path.write_text("\n".join(sorted(names)), "utf-8")
    return path, True


def pip_command(report: Path, requirements: Path, named: bool) -> list[str]:
    """Return what lets pip resolve: nothing is installed."""
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["install", "--progress-bar", "off", "--dry-run", "--ignore-installed"]
    command += ["--report", str(report), "-r", str(requirements)]
    command += ["--index-url", index()] + (["--no-deps"] if named else [])
    return command + shlex.split(os.environ.get("PYPI_OPTIONS", ""))


def index() -> str:
    return os.environ.get("SOURCE_PYPI_URL", "https://pypi.org/simple").rstrip("/")


def emit_package(distribution: dict[str, Any]) -> bool:
    """Print a package, its versions, and what the resolved one needs.

    Returns whether the index's list of its files could be read. Raises SourceDown.
    """
    metadata = distribution["metadata"]
    name, version = normal(metadata["name"]), metadata["version"]
    # What comes from an address of its own (`app @ git+https://...`) is none of the index's, which
    # may have another one of that name.
    listed = {} if distribution.get("is_direct") else files_by_version(name)
    emit(
        "packages", name=metadata["name"], import_id=name, latestversion=version, mine=True,
        readme=(metadata.get("summary") or "")[:1000] or None,
    )  # fmt: skip
    files = listed or {}
    files.setdefault(version, [])
    for each, of_version in files.items():
        emit("versions", package=name, version=each, **version_values(of_version))
    hashes = distribution["download_info"].get("archive_info", {}).get("hashes", {})
    licensed = metadata.get("license_expression") or metadata.get("license") or ""
    own: dict[str, Any] = {"package": name, "version": version}
    checksum = f"sha256:{hashes['sha256']}" if "sha256" in hashes else None
    commit = distribution["download_info"].get("vcs_info", {}).get("commit_id", "")
    emit(
        "versions", **own, checksum=checksum, license=licensed if fits(licensed) else None,
        **({"commithash": commit} if HASH.fullmatch(commit) else {}),
    )  # fmt: skip
    for position, text in enumerate(metadata.get("requires_dist", []), start=1):
        match = REQUIRED.fullmatch(text.strip())
        if match:
            marker = (match["marker"] or "").strip()[:512]
            kind = "optional" if re.search(r"\bextra\b", marker) else "runtime"
            span = (match["range"] or "").strip()[:512]
            emit(
                "dependencies", **own, position=position, name=normal(match["name"]), kind=kind,
                range=span or None, onlyif=marker or None,
            )  # fmt: skip
    for kind, url in sorted(addresses(metadata)):
        emit("package_urls", package=name, type=kind, url=url)
    return listed is not None


def fits(licensed: str) -> bool:
    """Whether a license is a name and no text of one."""
    return 0 < len(licensed) <= 64 and "\n" not in licensed


def files_by_version(name: str) -> dict[str, list[dict[str, Any]]] | None:
    """Return the index's files of a package by version; none where it has no JSON of it.

    None where that is no list of files, or was cut. Raises SourceDown.
    """
    request = urllib.request.Request(  # noqa: S310 - the operator's index
        f"{index()}/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - operator's
            if "json" not in answer.headers.get("Content-Type", ""):
                return {}
            files = json.load(answer)["files"] or []
    except urllib.error.HTTPError as error:
        if is_for_now(error.code):
            raise SourceDown(f"{index()}: {error}") from error
        print(f"{name}: {error}", file=sys.stderr)
        return {}
    except OSError as error:
        raise SourceDown(f"{index()}: {error}") from error
    except (ValueError, LookupError, TypeError, RecursionError, HTTPException) as error:
        print(f"{name}: the index's answer cannot be read: {error!r}", file=sys.stderr)
        return None
    found = defaultdict[str, list[dict[str, Any]]](list)
    for file in files if isinstance(files, list) else []:
        called = file.get("filename") if isinstance(file, dict) else None
        version = version_of(called, name) if isinstance(called, str) else None
        if version and len(version) <= 255:
            found[version].append(file)
    return found


def addresses(metadata: dict[str, Any]) -> set[tuple[str, str]]:
    """Return a package's addresses with their types."""
    pairs = [("Homepage", metadata.get("home_page") or "")]
    pairs += [tuple(each.split(",", 1)) for each in metadata.get("project_url", []) if "," in each]
    labels = ((re.sub(r"[\W_]+", "", label).lower(), url.strip()[:512]) for label, url in pairs)
    return {(TYPES[label], url) for label, url in labels if label in TYPES and url}


def read_state() -> dict[str, Any]:
    """Return what the last load kept, nothing at first."""
    path = os.environ.get("FEED_STATE")
    return dict(json.loads(Path(path).read_text("utf-8"))) if path else {}


def emit_state(**value: object) -> None:
    """Print what the next load is to know."""
    print(json.dumps({"type": "STATE", "value": value}))


def emit_left(names: list[str], before: set[str]) -> None:
    """Print which packages were ours at the last load and are not any more."""
    for name in sorted(before - {*names}):
        emit("packages", name=name, import_id=name, mine=False)


def emit(stream: str, **record: object) -> None:
    shown = {
        name: NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
        for name, value in record.items()
    }
    print(json.dumps({"type": "RECORD", "stream": stream, "record": shown}))


if __name__ == "__main__":
    sys.exit(main())
