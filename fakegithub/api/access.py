"""Who may see what: tokens, their permissions, private repositories, SAML."""

from dataclasses import dataclass
from datetime import datetime

from fakegithub.world.entities import Repo

ALL = frozenset({"actions", "checks", "contents", "metadata", "webhooks"})


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: what it may do, how much, until when.

    `owners` None means all owners; `saml` names organisations it has no SAML session for.
    """

    name: str = "octocat"
    permissions: frozenset[str] = ALL
    owners: frozenset[str] | None = None
    saml: frozenset[str] = frozenset()
    limit: int = 5000
    expires: datetime | None = None
    revoked: bool = False


def token_of(header: str | None, tokens: dict[str, Token]) -> Token | None:
    """Return the token of an Authorization header, None without one; KeyError for a wrong one."""
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    token = tokens[secret.strip()]
    if scheme.lower() not in ("bearer", "token") or token.revoked:
        raise KeyError(scheme)
    return token


def can_see(token: Token | None, repo: Repo) -> bool:
    """Tell whether a repository exists for a token (or for nobody in particular)."""
    if not repo.private:
        return True
    owner = repo.full_name.split("/")[0]
    return token is not None and (token.owners is None or owner in token.owners)


def needed(path: str) -> str:
    """Return the permission that a path below a repository needs."""
    if path.startswith("/actions"):
        return "actions"
    if path.startswith("/check-runs"):
        return "checks"
    if path.startswith("/hooks"):
        return "webhooks"
    return (
        "contents"
        if path.startswith(("/commits", "/compare", "/branches", "/dependency-graph"))
        else "metadata"
    )


def lacks(token: Token | None, repo: Repo, path: str) -> bool:
    """Tell whether a token (or nobody) lacks the permission that a path needs.

    A public repository's contents and runs need none, its hooks always do.
    """
    permission = needed(path)
    if token is None:
        return permission == "webhooks"
    return permission not in token.permissions


def wants_saml(token: Token | None, repo: Repo) -> bool:
    """Tell whether the owner enforces SAML and the token has no session there."""
    return token is not None and repo.full_name.split("/")[0] in token.saml
