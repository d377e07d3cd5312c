"""Print whether the default branches are red of repositories that our dependencies come from.

GraphQL answers for 50 repositories in one call, by `statusCheckRollup`
(https://docs.github.com/en/graphql/reference/objects#statuscheckrollup). A point is 1 for red, 0
for green, null where it is neither, and is printed only when it differs from the last one.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

TOGETHER = 50
VALUES = {"FAILURE": 1, "ERROR": 1, "SUCCESS": 0}
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
ASKED = """
r{0}: repository(owner: {1}, name: {2}) {{ defaultBranchRef {{ name target {{ ... on Commit {{
oid statusCheckRollup {{ state }} }} }} }} }}"""


class SourceDown(Exception):
    """GitHub does not answer now."""


def main() -> int:
    """Print a point for each repository whose state changed."""
    token = token_of("SOURCE_GITHUB_TOKEN")
    if not token:
        print("SOURCE_GITHUB_TOKEN is needed: GraphQL answers nobody else", file=sys.stderr)
        return 78
    url = os.environ.get("SOURCE_GITHUB_URL", "https://api.github.com").rstrip("/")
    host = "github.com" if "//api.github.com" in url else url.split("/")[2].partition(":")[0]
    names, before = find_names(host), read_state()
    states = {name: state for name, state in before.items() if name in names}
    for begin in range(0, len(names), TOGETHER):
        some = names[begin : begin + TOGETHER]
        try:
            answered, gone = ask(url.removesuffix("/v3") + "/graphql", token, some)
        except SourceDown as error:
            print(error, file=sys.stderr)
            return 75
        for name, given in zip(some, answered, strict=True):
            if given is None:
                print(f"{name}: is not to be seen", file=sys.stderr)
            if name in gone and name in states:
                emit_change(host, name, {}, states)  # red no longer: nobody knows
            elif given is not None:
                emit_change(host, name, given, states)
        print(json.dumps({"type": "STATE", "value": {"states": states}}))
    return 0


def find_names(host: str) -> list[str]:
    """Return the repositories that are asked for."""
    needs = json.loads(Path(os.environ["FEED_NEEDS"]).read_text("utf-8"))["upstream"]
    names = {each["repo"] for each in needs if each["host"] == host}
    names |= {*os.environ.get("UPSTREAM_REPOS", "").lower().split()}
    return sorted(filter(NAME.fullmatch, names))


def read_state() -> dict[str, str]:
    states: dict[str, str] = json.loads(Path(os.environ["FEED_STATE"]).read_text("utf-8")).get(
        "states", {}
    )
    return states


def token_of(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text("utf-8").strip() if path else os.environ.get(name, "")


def ask(url: str, token: str, names: list[str]) -> tuple[list[dict[str, Any] | None], set[str]]:
    """Return what GraphQL says of repositories, None for one that it does not show.

    With it those that are not there any more, or are private now.
    """
    parts = [
        ASKED.format(number, *map(json.dumps, name.split("/"))) for number, name in enumerate(names)
    ]
    body = json.dumps({"query": "{" + "".join(parts) + "}"}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "runledger-feed"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the operator's server
    request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - operator's
            given = json.load(answer)
    except (OSError, ValueError, HTTPException) as error:
        raise SourceDown(f"{url}: {error}") from error
    data = given.get("data") if isinstance(given, dict) else None
    if not isinstance(data, dict):
        why = given.get("errors") or given.get("message") if isinstance(given, dict) else given
        raise SourceDown(f"{url}: {str(why)[:200]}")
    answered = [data.get(f"r{number}") for number in range(len(names))]
    gone = {
        str(error["path"][0])
        for error in given.get("errors") or []
        if isinstance(error, dict) and error.get("type") == "NOT_FOUND" and error.get("path")
    }
    return answered, {name for number, name in enumerate(names) if f"r{number}" in gone}


def emit_change(host: str, name: str, given: dict[str, Any], states: dict[str, str]) -> None:
    """Print a repository's state where it is another one, and remember it."""
    branch = given.get("defaultBranchRef") or {}
    target = branch.get("target") or {}
    state = (target.get("statusCheckRollup") or {}).get("state") or "NONE"
    if state in ("PENDING", "EXPECTED") or states.get(name) == state:
        return
    states[name] = state
    labels = {"state": state, "branch": branch.get("name", ""), "commit": target.get("oid", "")}
    record = {
        "series": f"upstream/{host}/{name}",
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "value": VALUES.get(state),
        "labels": labels,
    }
    print(json.dumps({"type": "RECORD", "stream": "points", "record": record}))


if __name__ == "__main__":
    sys.exit(main())
