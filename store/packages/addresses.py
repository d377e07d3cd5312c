"""Addresses as packages spell them -> an address without a password, and the repository meant."""

import re
from functools import lru_cache
from typing import NamedTuple

PASSWORD = re.compile(r"^([a-z][a-z0-9+.-]{0,40}://)[^/@\s]*@", re.IGNORECASE)
SHORT = re.compile(r"(github|gitlab|bitbucket):(?!//)(.+)", re.IGNORECASE)
HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
ADDRESS = re.compile(
    r"(?:scm:)?(?:git[+:])?(?P<scheme>(?:https?|git|ssh)://)?"
    r"(?:(?P<user>[\w.-]{1,100})(?::[^@/\s]{0,200})?@)?(?:www\.)?"
    r"(?P<host>[\w-]{1,100}(?:\.[\w-]{1,100}){1,10})(?::\d{0,5}(?=/))?[:/](?P<path>[^\s?#]{1,500})",
    re.IGNORECASE,
)
PART = re.compile(r"[\w.~+-]{1,200}")
NO_OWNERS = frozenset(
    "about apps collections enterprise explore features gist login marketplace notifications orgs"
    " search settings sponsors stars topics users".split()
)
DEEPER = frozenset(["tree", "blob", "issues", "wiki", "releases", "raw", "commits", "pulls"])
FORGES = frozenset(
    "github.com gitlab.com bitbucket.org codeberg.org salsa.debian.org git.sr.ht invent.kde.org"
    " framagit.org gitlab.gnome.org gitlab.freedesktop.org git.kernel.org gitee.com".split()
)
"""Hosts where every address of two parts is one of a repository."""
GITLABS = frozenset(["salsa.debian.org", "invent.kde.org", "framagit.org"])


class Repository(NamedTuple):
    """A repository that a package names, and the folder in it."""

    host: str
    repo: str
    directory: str | None = None


def without_password(url: str) -> str:
    """Return an address without the user and the token before its host."""
    return PASSWORD.sub(r"\1", url)


def repository_of(
    text: str, *, allows_bare: bool = False, forges: frozenset[str] | None = None
) -> Repository | None:
    """Return the repository of an address, None where it names none.

    `allows_bare`: `owner/name` is meant to be at github.com, as npm reads it
    (https://docs.npmjs.com/cli/v11/configuring-npm/package-json#repository). `forges`: an address
    at another host than these and the known ones is one of a site, unless it is spelled for git.
    """
    return read_address(text.strip(), allows_bare, forges)


@lru_cache(maxsize=4096)
def read_address(text: str, allows_bare: bool, forges: frozenset[str] | None) -> Repository | None:
    """Likewise; packages that follow each other often have one address."""
    if allows_bare and re.fullmatch(r"[\w.-]{1,100}/[\w.-]{1,100}", text):
        return of_path("github.com", text)
    short = SHORT.fullmatch(text)
    if short:
        return of_path(HOSTS[short[1].lower()], short[2])
    match = ADDRESS.match(text)
    if not match:
        return None
    host = match["host"].lower()
    is_known = forges is None or host in FORGES or host in forges or host.startswith("gitlab.")
    for_git = (match["scheme"] or "").lower() in ("git://", "ssh://") or match["user"] == "git"
    if not (is_known or for_git or match["path"].rstrip("/").endswith(".git")):
        return None
    return of_path(host, match["path"])


def of_path(host: str, path: str) -> Repository | None:
    """Return the repository of a path at a host."""
    parts = [part for part in path.partition("#")[0].strip("/").split("/") if part]
    directory, is_gitlab = None, host.startswith("gitlab.") or host in GITLABS
    if is_gitlab and "-" in parts:
        behind = parts[parts.index("-") + 1 :]
        parts = parts[: parts.index("-")]
        directory = "/".join(behind[2:]) if behind[:1] == ["tree"] else None
    elif is_gitlab and len(parts) > 2 and parts[2] in DEEPER:
        parts = parts[:2]
    elif not is_gitlab:
        if len(parts) > 4 and parts[2] in ("tree", "src"):
            directory = "/".join(parts[4:])
        parts = parts[:2]
    if len(parts) < 2 or parts[0].lower() in NO_OWNERS:
        return None
    while parts[-1].endswith(".git"):
        parts[-1] = parts[-1].removesuffix(".git")
    name = "/".join(parts)
    if not parts[-1] or not all(PART.fullmatch(part) for part in parts):
        return None
    if name.lower().endswith((".github.io", "/.github")) or host.endswith(".github.io"):
        return None
    return Repository(host, name, directory or None)
