"""Addresses as packages spell them -> an address without a password, and the repository meant."""

import re
from typing import NamedTuple

PASSWORD = re.compile(r"^([a-z][a-z0-9+.-]{0,40}://)[^/@\s]*@", re.IGNORECASE)
SHORT = re.compile(r"(github|gitlab|bitbucket):(?!//)(.+)", re.IGNORECASE)
HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
ADDRESS = re.compile(
    r"(?:git\+)?(?:(?:https?|git|ssh)://)?(?:[\w.-]{1,100}(?::[^@/\s]{0,200})?@)?(?:www\.)?"
    r"(?P<host>[\w-]{1,100}(?:\.[\w-]{1,100}){1,10})(?::\d{0,5}(?=/))?[:/](?P<path>[^\s?#]{1,500})",
    re.IGNORECASE,
)
NO_OWNERS = frozenset("sponsors orgs users topics marketplace".split())
DEEPER = frozenset(["tree", "blob", "issues", "wiki", "releases", "raw", "commits", "pulls"])


class Repository(NamedTuple):
    """A repository that a package names, and the folder in it."""

    host: str
    repo: str
    directory: str | None = None


def without_password(url: str) -> str:
    """Return an address without the user and the token before its host."""
    return PASSWORD.sub(r"\1", url)


def repository_of(text: str, *, bare_is_github: bool = False) -> Repository | None:
    """Return the repository of an address, None where it names none.

    `bare_is_github`: `owner/name` is meant to be at github.com, as npm reads it
    (https://docs.npmjs.com/cli/v11/configuring-npm/package-json#repository).
    """
    text = text.strip()
    if bare_is_github and re.fullmatch(r"[\w.-]{1,100}/[\w.-]{1,100}", text):
        return of_path("github.com", text)
    short = SHORT.fullmatch(text)
    if short:
        return of_path(HOSTS[short[1].lower()], short[2])
    match = ADDRESS.match(text)
    return of_path(match["host"].lower(), match["path"]) if match else None


def of_path(host: str, path: str) -> Repository | None:
    """Return the repository of a path at a host."""
    parts = [part for part in path.partition("#")[0].strip("/").split("/") if part]
    is_gitlab = host.startswith("gitlab.")
    if "-" in parts and is_gitlab:
        parts = parts[: parts.index("-")]
    directory = None
    if not is_gitlab:
        if len(parts) > 4 and parts[2] == "tree":
            directory = "/".join(parts[4:])
        parts = parts[:2]
    elif len(parts) > 2 and parts[2] in DEEPER:
        parts = parts[:2]
    if len(parts) < 2 or parts[0].lower() in NO_OWNERS:
        return None
    while parts[-1].endswith(".git"):
        parts[-1] = parts[-1].removesuffix(".git")
    name = "/".join(parts)
    if not parts[-1] or name.lower().endswith(".github.io"):
        return None
    return Repository(host, name, directory)
