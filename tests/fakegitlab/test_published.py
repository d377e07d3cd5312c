"""What the fake answers has the fields and the types that GitLab's OpenAPI publishes."""

import random
from typing import Any

import pytest

from fakegitlab.answers import below_project
from fakegitlab.director import Director
from fakegitlab.sending import Sender
from fakegitlab.world import Project, World
from tests.fakegitlab.published import HOOK, JOB, PIPELINE, PIPELINE_LISTED, Kinds, faults_of


@pytest.fixture(scope="module")
def project() -> Project:
    """Return a project with pipelines of both kinds of world, a child, and a hook."""
    world = World()
    project = world.add_project("group/sub/app")
    director = Director(world, project, random.Random(3))
    director.live()
    parent = world.add_pipeline(project)
    world.add_child(project, parent)
    Sender(project, "https://example.org/webhook", lambda body, headers: 200)
    return project


@pytest.mark.parametrize(
    ("kind", "path", "fields"),
    [
        ("pipeline", "pipelines", PIPELINE_LISTED),
        ("pipeline", "pipelines/{pipeline}", PIPELINE),
        ("job", "jobs", JOB),
        ("job", "jobs/{job}", JOB),
        ("job", "pipelines/{pipeline}/jobs", JOB),
        ("hook", "hooks", HOOK),
        ("hook", "hooks/100", HOOK),
    ],
)
def test_answer_is_as_published(project: Project, kind: str, path: str, fields: dict[str, Kinds]):
    for pipeline, job in zip(project.pipelines, project.jobs, strict=False):
        status, body, _ = below_project(project, path.format(pipeline=pipeline, job=job), {}, path)
        assert status == 200
        records: list[Any] = body if isinstance(body, list) else [body]
        assert records, "an empty answer proves nothing"
        assert [faults_of(kind, fields, record) for record in records] == [[]] * len(records)


def test_fault_is_found(project: Project):
    """Control: another type, and a field that GitLab has not."""
    record = next(iter(project.jobs.values()))
    wrong = {**record, "duration": "12", "attempt": 2, "archived": 1, "started_at": "soon"}
    with pytest.raises(ValueError, match="soon"):
        faults_of("job", JOB, wrong)
    del wrong["started_at"]
    assert len(faults_of("job", JOB, wrong)) == 3
