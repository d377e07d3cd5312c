"""The API without HTTP: a call goes through access checks to its route.

https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
"""

import re

from fakegithub.api import access, graphs, hookroutes, rest, routes, searchroutes
from fakegithub.api.answers import Answer, Call, error, moved, not_found
from fakegithub.api.limits import Limits
from fakegithub.api.pages import page_of
from fakegithub.graphql.answer import answer as graphql
from fakegithub.payloads.templates import user
from fakegithub.world.entities import Repo

REPO = re.compile(r"/repos/([^/]+)/([^/]+)(/.*)?")
REPO_ID = re.compile(r"/repositories/(\d+)(/.*)?")
OWNER = re.compile(r"/(orgs|users)/([^/]+)(/repos|/hooks.*)?")
VERSIONS = ("2022-11-28", "2026-03-10")
HOOK_ADDRESSES = ["192.30.252.0/22", "185.199.108.0/22", "140.82.112.0/20", "2a0a:a440::/29"]


def respond(call: Call, limits: Limits) -> Answer:
    """Return the answer to a call whose token is known and whose limits are not used up."""
    path = call.path.rstrip("/")
    if path == "/rate_limit":
        return _rate_limit(call, limits)
    if path == "/search/issues" and call.method == "GET":
        return searchroutes.issues(call, limits)
    if path == "/graphql" and call.method == "POST":
        is_nodes = "nodes(" in str((call.body or {}).get("query", ""))
        return graphql(call, call.lacking) if is_nodes else graphs.graphql(call)
    if path == "/meta":
        keys = {"hooks": HOOK_ADDRESSES, "verifiable_password_authentication": False}
        return Answer(200, keys)
    if path.startswith("/app/") and call.token and "app" in call.token.permissions:
        hook = hookroutes.hooks_of(call, None, None)[0]
        rest = path.removeprefix("/app/").partition("/")[2]
        return hookroutes.answer(call, f"/{hook.id}/{rest}", "/app", None, None)
    match = REPO.fullmatch(path)
    if match:
        owner, name, below = match.groups(default="")
        return _repo(call, call.view.repo_named(f"{owner}/{name}"), f"{owner}/{name}", below)
    match = REPO_ID.fullmatch(path)
    if match:
        repo = call.view.repo(int(match[1]))
        return _repo(call, repo, repo.full_name if repo else "", match[2] or "")
    match = OWNER.fullmatch(path)
    return _owner(call, *match.groups(default="")) if match else not_found()


def _rate_limit(call: Call, limits: Limits) -> Answer:
    core = limits.state(call.token)
    resources = {"core": core, "search": {**core, "limit": 30, "used": 0, "remaining": 30}}
    # The version of 2026-03-10 has dropped the older copy of `core`.
    old = {} if call.version == "2026-03-10" else {"rate": core}
    return Answer(200, {"resources": resources, **old})


def _repo(call: Call, repo: Repo | None, asked: str, below: str) -> Answer:
    if repo is None or not access.can_see(call.token, repo):
        return not_found()
    if repo.blocked:
        return error(403, "Repository access blocked")
    if access.wants_saml(call.token, repo):
        return saml(repo)
    if repo.full_name.lower() != asked.lower():
        query = call_query(call)
        return moved(call, f"/repositories/{repo.id}{below}{query}")
    if access.lacks(call.token, repo, below):
        return forbidden(call, below)
    if below.startswith("/hooks"):
        base = f"/repos/{repo.full_name}/hooks"
        return hookroutes.answer(call, below.removeprefix("/hooks"), base, repo.id, None)
    found = routes.find(below)
    if found is None or call.method != "GET":
        return not_found()
    route, arguments = found
    return route(call, repo, *arguments)


def call_query(call: Call) -> str:
    """Return a call's query with its question mark, as it came."""
    return f"?{call.raw_query}" if call.raw_query else ""


def forbidden(call: Call, below: str) -> Answer:
    """Return 403 for a permission the token lacks (401 for hooks without any token)."""
    if call.token is None:
        return error(401, "Requires authentication")
    headers = {"X-Accepted-GitHub-Permissions": f"{access.needed(below)}=read"}
    refusal = error(403, "Resource not accessible by personal access token")
    return refusal._replace(headers=headers)


def saml(repo: Repo) -> Answer:
    """Return 403 for an organisation that enforces SAML."""
    owner = repo.full_name.split("/")[0]
    refusal = error(
        403,
        "Resource protected by organization SAML enforcement. You must grant your Personal Access "
        "token access to this organization.",
    )
    link = f"https://github.com/orgs/{owner}/sso?authorization_request=AAAA"
    return refusal._replace(headers={"X-GitHub-SSO": f"required; url={link}"})


def _owner(call: Call, kind: str, login: str, below: str) -> Answer:
    owned = call.view.repos(login)
    owner_type = "Organization" if kind == "orgs" else "User"
    if kind == "orgs" and not any(repo.owner_type == "Organization" for repo in owned):
        return not_found()
    if not owned:
        return not_found()
    if below.startswith("/hooks"):
        if kind != "orgs" or call.token is None or "webhooks" not in call.token.permissions:
            return not_found()
        base = f"/orgs/{login}/hooks"
        return hookroutes.answer(call, below.removeprefix("/hooks"), base, None, login)
    if not below:
        return Answer(200, user(login, kind=owned[0].owner_type))
    seen = [repo for repo in owned if access.can_see(call.token, repo)]
    if any(access.wants_saml(call.token, repo) for repo in seen):
        return saml(seen[0])
    # A list of a user's repositories leaves out private ones; an organisation's shows them.
    seen = [repo for repo in seen if owner_type == "Organization" or not repo.private]
    page = page_of(call, seen, path=call.path)
    shown = [rest.listed_repository(repo) for repo in page.items]
    return Answer(200, shown, page.headers)
