"""A project of a fake GitLab, asked over HTTP by a command whose clock is fast."""

from collections.abc import Iterator
from typing import Any

import pytest

from backfill.http import client, rate_limit
from fakegitlab.server import TOKEN, Server, serve
from fakegitlab.world import Project, World

NAME = "group/sub/app"


@pytest.fixture
def served(bare: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve a project with 13 pipelines: the newest a child, two scheduled."""
    monkeypatch.setattr(client, "SECOND", 0.001)
    monkeypatch.setattr(rate_limit, "MINUTE", 0.6)
    world = World()
    with serve(world) as server:
        project = world.add_project(NAME)
        for place in range(12):
            parent = world.add_pipeline(project, source="schedule" if place in (4, 5) else "push")
        world.add_child(project, parent)
        monkeypatch.setenv("GITLAB_URL", server.url)
        monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
        yield server


@pytest.fixture
def project(served: Server) -> Project:
    return next(iter(served.world.projects.values()))
