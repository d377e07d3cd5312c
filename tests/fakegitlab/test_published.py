"""What the fake answers has the fields and the types that GitLab's OpenAPI publishes."""

import random
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests

from fakegitlab.director import MERGE_REQUEST, Director
from fakegitlab.hooks import hooks_of
from fakegitlab.sending import Sender
from fakegitlab.server import TOKEN, Server, serve
from fakegitlab.world import Project, World
from tests.fakegitlab.published import PATHS, faults_of


@pytest.fixture(scope="module")
def gitlab() -> Iterator[Server]:
    """Serve a project with all kinds of pipelines, and a webhook that has sent some."""
    world = World()
    with serve(world) as server:
        project = world.add_project("group/sub/app")
        life = Director(world, project, random.Random(3)).live()
        Director(world, project, random.Random(4)).live(MERGE_REQUEST)
        world.add_child(project, world.add_pipeline(project))
        world.add_external(project)
        sender = Sender(project, "https://example.org/webhook", lambda body, headers: 200)
        for hook in hooks_of(project, life):
            sender.send(hook)
        yield server


def paths_of(project: Project) -> Iterator[str]:
    """Yield every path that the fake answers, with every id that it has."""
    own = f"/projects/{quote(project.path, safe='')}"
    yield from ("/version", own, "/groups/group/projects")
    below = ("pipelines", "jobs", "hooks", "repository/branches", "repository/commits")
    yield from (f"{own}/{name}" for name in (*below, "pipeline_schedules"))
    yield f"{own}/pipelines?source=parent_pipeline"
    yield f"{own}/pipeline_schedules/1/pipelines"
    yield f"{own}/repository/commits/{project.commits[0]['id']}"
    yield from (f"{own}/jobs/{gitid}" for gitid in project.jobs)
    yield from (f"{own}/hooks/100{rest}" for rest in ("", "/events"))
    for gitid in project.pipelines:
        yield from (f"{own}/pipelines/{gitid}{rest}" for rest in ("", "/jobs", "/bridges"))


def test_every_answer_is_as_published(gitlab: Server):
    (project,) = gitlab.world.projects.values()
    met = set[str]()
    with requests.Session() as session:
        session.headers["PRIVATE-TOKEN"] = TOKEN
        for path in paths_of(project):
            answer = session.get(f"{gitlab.url}/api/v4{path}")
            plain = path.partition("?")[0]
            assert (answer.status_code, path, faults_of(plain, answer.json())) == (200, path, [])
            if answer.json():
                met |= {pattern for pattern in PATHS if re.fullmatch(pattern, plain)}
    # A schedule has no pipeline in this world; of all else there was something.
    assert {*PATHS} - met == {r"/projects/[^/]+/pipeline_schedules/\d+/pipelines"}


def test_fault_is_found(gitlab: Server):
    """Control: another type, a field that GitLab has not, a time without zone, at any depth."""
    (project,) = gitlab.world.projects.values()
    job = next(iter(project.jobs.values()))
    pipeline = {**job["pipeline"], "attempt": 2}
    wrong = {**job, "duration": "12", "archived": 1, "started_at": "soon", "pipeline": pipeline}
    assert len(faults_of("/projects/7/jobs/1", wrong)) == 4
    assert len(faults_of("/projects/7/jobs", [job, wrong])) == 4
    assert faults_of("/projects/7/builds", []) == ["/projects/7/builds is not published"]
