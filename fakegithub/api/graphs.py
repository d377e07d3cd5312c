"""What repositories need, and the state of default branches by GraphQL.

https://docs.github.com/en/rest/dependency-graph/sboms and /en/graphql/reference/objects#repository.
Every repository needs the same; GraphQL answers the one query `repository { defaultBranchRef ...
statusCheckRollup }` under any number of aliases, the check of a commit being that of its runs.
"""

import re

from fakegithub.api import access
from fakegithub.api.answers import Answer, Call, error
from fakegithub.payloads.templates import Json
from fakegithub.world.entities import Repo

NEEDED = (
    "pkg:npm/left-pad@1.3.0",
    "pkg:npm/%40isaacs/cliui@9.0.0",
    "pkg:pypi/Flask@3.0.0",
    "pkg:cargo/serde",
    "pkg:githubactions/actions/checkout@v4",
)
ALIAS = re.compile(r'(\w+): repository\(owner: "([^"]*)", name: "([^"]*)"\)')
RED = ("failure", "timed_out", "startup_failure", "action_required", "cancelled")


def sbom(_: Call, repo: Repo) -> Answer:
    """GET /dependency-graph/sbom."""
    if repo.archived:
        return error(404, "Not Found")
    own = package(f"com.github.{repo.full_name}", f"pkg:github/{repo.full_name}@main")
    needed = [package(purl.split("@")[0].rpartition("/")[2], purl) for purl in NEEDED]
    edges = [("DESCRIBES", "SPDXRef-DOCUMENT", own["SPDXID"])]
    edges += [("DEPENDS_ON", own["SPDXID"], each["SPDXID"]) for each in needed]
    document = {
        "SPDXID": "SPDXRef-DOCUMENT",
        "spdxVersion": "SPDX-2.3",
        "name": f"com.github.{repo.full_name}",
        "dataLicense": "CC0-1.0",
        "packages": [own, *needed],
        "relationships": [
            {"relationshipType": kind, "spdxElementId": one, "relatedSpdxElement": other}
            for kind, one, other in edges
        ],
    }
    return Answer(200, {"sbom": document})


def package(name: str, purl: str) -> Json:
    """Return a package of an SPDX document."""
    reference = {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl,
    }
    return {
        "name": name,
        "SPDXID": f"SPDXRef-{re.sub(r'[^A-Za-z0-9.-]', '-', purl)}",
        "versionInfo": purl.partition("@")[2],
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "externalRefs": [reference],
    }


def graphql(call: Call) -> Answer:
    """POST /graphql."""
    if call.token is None:
        return error(401, "This endpoint requires you to be authenticated.")
    data, errors = dict[str, Json | None](), list[Json]()
    for alias, owner, name in ALIAS.findall((call.body or {}).get("query", "")):
        repo = call.view.repo_named(f"{owner}/{name}")
        if repo is None or not access.can_see(call.token, repo):
            data[alias] = None
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            errors.append({"type": "NOT_FOUND", "path": [alias], "message": message})
        else:
            data[alias] = {"defaultBranchRef": default_branch(call, repo)}
    return Answer(200, {"data": data, **({"errors": errors} if errors else {})})


def default_branch(call: Call, repo: Repo) -> Json | None:
    """Return the default branch with the check of its commit; None where it has none."""
    branch = call.view.branch(repo.id, repo.default_branch)
    if branch is None:
        return None
    runs = [run for run in call.view.runs(repo.id)[:] if run.sha == branch.sha]
    state = "SUCCESS"
    if any(run.status != "completed" for run in runs):
        state = "PENDING"
    if any(run.conclusion in RED for run in runs):
        state = "FAILURE"
    rollup = {"state": state} if runs else None
    return {"name": branch.name, "target": {"oid": branch.sha, "statusCheckRollup": rollup}}
