"""A small world, and requests to its server, for the tests of the fake GitHub itself."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from fakegithub.server import Server
from fakegithub.world.world import World

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
REPO = "/repos/octo-org/app"
RUNS = f"{REPO}/actions/runs"
HOOKS = f"{REPO}/hooks"


def small_world(runs: int = 0) -> World:
    """Return octo-org/app with one commit and `runs` runs, one a second from 12:00:00 on."""
    world = World(seed=1, start=NOON)
    repo = world.create_repo("octo-org/app")
    world.push(repo, "First commit")
    flow = world.add_workflow(repo, "CI")
    for number in range(runs):
        world.trigger(flow, after=1 if number else 0, event="push" if number % 2 else "schedule")
    return world


def app_of(world: World) -> int:
    """Return the id of a small world's repository."""
    repo_id: int = world.members[("repo", None)][0]
    return repo_id


def runs_of(world: World) -> list[int]:
    """Return the ids of a small world's runs, oldest first."""
    return list(world.members[("run", app_of(world))])


def flow_of(world: World) -> int:
    """Return the id of a small world's workflow."""
    flow_id: int = world.members[("workflow", app_of(world))][0]
    return flow_id


def get(github: Server, path: str, **headers: str) -> requests.Response:
    """GET a path as a well-behaved client, without following redirects."""
    return requests.get(
        f"{github.url}{path}",
        headers={**github.headers, **headers},
        timeout=10,
        allow_redirects=False,
    )


def post(github: Server, path: str, body: Any = None, *, method: str = "POST") -> requests.Response:
    """POST (or PATCH, DELETE) JSON to a path."""
    return requests.request(
        method, f"{github.url}{path}", json=body, headers=github.headers, timeout=10
    )


def links(answer: requests.Response) -> dict[str, dict[str, list[str]]]:
    """Return rel -> query of an answer's Link header."""
    return {rel: parse_qs(urlsplit(link["url"]).query) for rel, link in answer.links.items()}
