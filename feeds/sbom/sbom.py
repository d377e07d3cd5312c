"""Print what watched repositories need, by GitHub's dependency graph: one call for each.

https://docs.github.com/en/rest/dependency-graph/sboms: SPDX 2.3, where purls tell registry and name
(https://github.com/package-url/purl-spec). A repository is a package; what it needs is told as
registry/name, so that it leads to the package of that registry once it is loaded.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

API = "https://api.github.com"
PURL = re.compile(r"pkg:(?P<type>[a-z][a-z0-9.+-]*)/(?P<name>[^@?#]+)(?:@(?P<version>[^?#]*))?.*")
NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no text has, but one that was cut within a letter."""
REGISTRIES = {"cargo": "crates", "gem": "rubygems", "brew": "homebrew", "deb": "debian"}
"""Registries by the type of a purl where that is another word."""


class SourceDown(Exception):
    """GitHub does not answer now, or not any more for this hour."""


class SameHost(urllib.request.HTTPRedirectHandler):
    """Takes the token along where a redirect, as of a renamed repository, stays at its server."""

    def redirect_request(self, req: Any, *args: Any) -> Any:
        made = super().redirect_request(req, *args)
        if made is not None and urlsplit(made.full_url)[:2] == urlsplit(req.full_url)[:2]:
            token = req.unredirected_hdrs.get("Authorization")
            if token:
                made.add_unredirected_header("Authorization", token)
        return made


def main() -> int:
    """Print each repository and what it needs."""
    needs = json.loads(Path(os.environ["FEED_NEEDS"]).read_text("utf-8"))
    watched = [each for each in needs["watched"] if each["provider"].partition(":")[0] == "github"]
    server = os.environ.get("SOURCE_GITHUB_URL", API).rstrip("/")
    own = [f"{each['provider']}/{each['gitid']}" for each in watched]
    last = json.loads(Path(os.environ["FEED_STATE"]).read_text("utf-8")).get("at")
    at = own.index(last) + 1 if last in own else 0
    try:
        while at < len(watched):
            emit_repository(watched[at], read_sbom(server, watched[at]["name"]))
            at += 1
    except SourceDown as error:
        print(error, file=sys.stderr)
        # The next load goes on behind it: at a limit of calls it would never get further.
        print(json.dumps({"type": "STATE", "value": {"at": own[at - 1]} if at else {}}))
        return 75
    print(json.dumps({"type": "STATE", "value": {"repositories": len(watched)}}))
    return 0


def read_sbom(server: str, name: str) -> dict[str, Any] | None:
    """Return a repository's SBOM; None where there is none to be seen."""
    request = urllib.request.Request(  # noqa: S310 - the operator's server
        f"{server}/repos/{name}/dependency-graph/sbom",
        headers={"Accept": "application/vnd.github+json", "User-Agent": "runledger-feed"},
    )
    if token := token_of("SOURCE_GITHUB_TOKEN"):
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.build_opener(SameHost).open(request, timeout=60) as answer:
            sbom: dict[str, Any] = json.load(answer)["sbom"]
            return sbom
    except urllib.error.HTTPError as error:
        if error.code in (401, 429) or error.code >= 500 or is_limit(error):
            raise SourceDown(f"{name}: {error}") from error
        print(f"{name}: no dependency graph ({error})", file=sys.stderr)
        return None
    except (OSError, HTTPException) as error:
        raise SourceDown(f"{server}: {error!r}") from error
    except (ValueError, KeyError, TypeError) as error:
        print(f"{name}: its SBOM cannot be read ({error!r})", file=sys.stderr)
        return None


def is_limit(error: urllib.error.HTTPError) -> bool:
    """Whether a refusal is one of the rate limit."""
    spent = error.headers.get("X-RateLimit-Remaining") == "0"
    return error.code == 403 and (spent or "Retry-After" in error.headers)


def token_of(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text("utf-8").strip() if path else os.environ.get(name, "")


def emit_repository(repository: dict[str, Any], sbom: dict[str, Any] | None) -> None:
    """Print a repository, as a package that keeps its id when it is renamed, and what it needs."""
    if sbom is None:
        return
    own = f"{repository['provider']}/{repository['gitid']}"
    try:
        needs = listed(sbom)
    except (AttributeError, TypeError, ValueError) as error:
        print(f"{repository['name']}: its SBOM cannot be read ({error!r})", file=sys.stderr)
        return
    emit("packages", name=repository["name"], import_id=own, latestversion="HEAD")
    emit("versions", package=own, version="HEAD")
    if repository.get("url"):
        emit("package_urls", package=own, type="repository", url=repository["url"][:512])
    for position, (name, version) in enumerate(needs, start=1):
        emit(
            "dependencies", package=own, version="HEAD", position=position, name=name,
            range=version[:512] or None,
        )  # fmt: skip


def listed(sbom: dict[str, Any]) -> list[tuple[str, str]]:
    """Return registry/name and version of all that an SBOM lists but the repository itself."""
    described = {*(sbom.get("documentDescribes") or [])}
    described |= {
        edge.get("relatedSpdxElement")
        for edge in sbom.get("relationships") or []
        if edge.get("relationshipType") == "DESCRIBES"
    }
    names = set[tuple[str, str]]()
    for package in sbom.get("packages") or []:
        if package.get("SPDXID") in described:
            continue
        for reference in package.get("externalRefs") or []:
            match = PURL.fullmatch(str(reference.get("referenceLocator", "")))
            if reference.get("referenceType") == "purl" and match:
                registry = REGISTRIES.get(match["type"], match["type"])
                name = unquote(match["name"])
                if registry == "pypi":
                    name = re.sub(r"[-_.]+", "-", name).lower()
                if registry == "debian":
                    name = name.rpartition("/")[2]
                names.add((f"{registry}/{name}"[:512], unquote(match["version"] or "")))
    return sorted(names)


def emit(stream: str, **record: object) -> None:
    shown = {
        name: NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
        for name, value in record.items()
    }
    print(json.dumps({"type": "RECORD", "stream": stream, "record": shown}))


if __name__ == "__main__":
    sys.exit(main())
