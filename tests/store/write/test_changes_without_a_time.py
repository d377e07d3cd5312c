"""What changes although no time of it does: the owner's name, a workflow's, a project's CI file.

An organization that is renamed changes `full_name` of all its repositories, and neither their
`updated_at` nor `pushed_at`.
"""

from datetime import datetime
from typing import Any

import pytest

from rows import Mapped
from rows.github import events
from rows.gitlab import events as gitlab
from tests.rows.gitlab.payloads import pipeline, project
from tests.rows.objects import JOB, NOON, REPOSITORY, RUN, WORKFLOW, only

NEW = {**REPOSITORY, "full_name": "acme/app", "html_url": "https://github.com/acme/app"}
RENAMED = {**WORKFLOW, "name": "Nightly build"}
READ = datetime(2026, 3, 2, 13, 20)


def of_run(time: str, repository: Any = REPOSITORY, workflow: Any = WORKFLOW) -> Mapped:
    run = {**RUN, "updated_at": time}
    payload = {"workflow_run": run, "workflow": workflow, "repository": repository}
    return events.rows_for("workflow_run", payload, None, datetime(2026, 3, 4))


def of_job(time: str, repository: Any) -> Mapped:
    payload = {"workflow_job": {**JOB, "completed_at": time}, "repository": repository}
    return events.rows_for("workflow_job", payload)


def newest(*found: Mapped) -> object:
    """Return the name of the repository that is stored of these, whatever their order."""
    return max(found, key=version_of).repository.values["name"]


def flow(*found: Mapped) -> object:
    return max((only(one, "workflows") for one in found), key=lambda row: row["version"])["name"]


@pytest.mark.parametrize("name", ["a/app", "b/app", "zz/app", "acme/app", "new/app", "e/app"])
def test_repository_is_called_as_it_was_last(name: str):
    now = {**NEW, "full_name": name}
    before = of_run("2026-03-02T12:05:00Z")
    assert newest(before, of_run("2026-03-03T12:05:00Z", now)) == name
    assert newest(before, of_job("2026-03-02T12:06:00Z", now)) == name
    assert newest(of_run("2026-03-02T12:04:00Z", now), before) == "octo-org/app"


def test_repository_is_called_as_a_hook_says_that_came_after_it_was_read():
    read = events.rows_read("repository", {"repository": REPOSITORY}, READ)
    assert newest(read, of_run("2026-03-02T13:25:00Z", NEW)) == "acme/app"
    again = events.rows_read("repository", {"repository": NEW}, READ.replace(hour=14))
    assert newest(read, again, of_run("2026-03-02T13:25:00Z")) == "acme/app"


def test_hook_that_says_less_of_a_repository_is_not_newer_by_its_time():
    read = events.rows_read("repository", {"repository": NEW}, READ)
    less = of_run("2026-03-02T13:25:00Z", {**REPOSITORY, "archived": None})
    assert newest(read, less) == "acme/app"


def test_event_of_a_repository_is_newer_than_what_came_with_a_run_before():
    payload = {"action": "archived", "repository": {**REPOSITORY, "archived": True}}
    event = events.rows_for("repository", payload, None, READ)
    last = max((event, of_run("2026-03-02T13:15:00Z")), key=version_of)
    assert last.repository.values["archived"] is True


def version_of(found: Mapped) -> bytes:
    version = found.repository.values["version"]
    assert isinstance(version, bytes)
    return version


@pytest.mark.parametrize("name", ["Nightly build", "A", "B", "C", "D", "E"])
def test_workflow_is_called_as_it_was_last(name: str):
    now = {**RENAMED, "name": name}
    before = of_run("2026-03-02T12:05:00Z")
    assert flow(before, of_run("2026-03-03T12:05:00Z", workflow=now)) == name
    assert flow(of_run("2026-03-02T12:04:00Z", workflow=now), before) == "CI"
    listed = events.rows_read("workflow", {"workflow": now, "repository": REPOSITORY}, READ)
    assert flow(before, listed) == name
    assert flow(listed, of_run("2026-03-02T13:25:00Z")) == "CI"


def test_time_far_ahead_makes_a_name_no_newer():
    # Received on March 4th: a run that says 2090 is of a clock that is wrong.
    ahead = of_run("2090-01-01T00:00:00Z", NEW)
    assert newest(of_run("2026-03-03T12:05:00Z"), ahead) == "octo-org/app"


def test_row_is_not_newer_within_a_minute_by_the_same_words():
    first, second = of_run("2026-03-02T12:05:00Z"), of_run("2026-03-02T12:05:59Z")
    assert version_of(first) == version_of(second) < version_of(of_run("2026-03-02T12:06:00Z"))


@pytest.mark.parametrize("path", ["ci/build.yml", "a.yml", "b.yml", "c.yml", "d.yml"])
def test_ci_file_of_a_project_is_the_last_that_a_hook_named(path: str):
    def hook(path: str, day: int) -> Mapped:
        told = pipeline(created_at=f"2021-10-{day:02} 08:17:00 UTC", end=None, status="running")
        payload = {**told, "project": project(ci_config_path=path)}
        return gitlab.rows_for("pipeline", payload, None, NOON)

    assert flow(hook("", 7), hook(path, 8)) == path
    assert flow(hook(path, 7), hook("", 8)) == ".gitlab-ci.yml"


def test_listed_workflow_says_the_same_as_the_one_beside_a_run():
    listed = events.rows_read("workflow", {"workflow": WORKFLOW, "repository": REPOSITORY}, READ)
    beside = of_run("2026-03-02T12:05:00Z")
    differ = only(listed, "workflows").items() ^ only(beside, "workflows").items()
    assert {name for name, _ in differ} == {"version"}
