"""What real servers said: the seconds that are derived are those which GitLab counted."""

from datetime import datetime

import pytest

from rows import Unmappable
from rows.retries import InnerJob, running_seconds
from rows.sources import source_of
from tests.rows.gitlab.payloads import Json, build, listed_project
from tests.rows.gitlab.recorded import (
    CANCELED_2024,
    EXTERNAL_2022,
    RECORDED,
    STUCK_2022,
    UNSTARTED_2022,
    Recorded,
    pipeline_of,
)

GITLAB = source_of("gitlab")
NOW = datetime(2026, 1, 1)


def rows_of(event: str, payload: Json, table: str) -> list[Json]:
    mapped = GITLAB.rows_for(event, payload, None, NOW)
    assert mapped.notes == ()
    return [dict(row.values) for row in mapped.rows if row.table == table]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.said)
@pytest.mark.parametrize("door", ["pipeline", "build"])
def test_seconds_of_a_recorded_pipeline_are_those_that_gitlab_counted(
    recorded: Recorded, door: str
):
    hook = pipeline_of(recorded)
    jobs = rows_of("pipeline", hook, "jobs")
    if door == "build":
        jobs = [row for job in jobs for row in rows_of("build", build(hook, job["gitid"]), "jobs")]
    inner = [InnerJob(*(job.get(name) for name in InnerJob._fields)) for job in jobs]
    seconds = running_seconds(inner)
    if recorded.duration is None:
        assert seconds is None
    else:
        assert seconds is not None
        assert abs(seconds - recorded.duration) <= 1
    spans = {(job["gitid"], job["starttime"] is None, job["queuetime"]) for job in jobs}
    assert spans == {
        (one.id, one.started is None, int(one.queued or 0) if one.started else None)
        for one in recorded.jobs
    }


def test_job_that_never_started_ended_in_utc_and_did_not_wait_for_a_day():
    (job,) = rows_of("pipeline", pipeline_of(UNSTARTED_2022), "jobs")
    times = (job["createtime"], job["starttime"], job["endtime"], job["queuetime"])
    ended = datetime(2022, 4, 1, 7, 0, 27)
    assert times == (datetime(2022, 4, 1, 5, 49, 55), None, ended, None)


def test_job_of_a_child_tells_who_made_its_pipeline():
    hook = pipeline_of(UNSTARTED_2022)
    made = {"project": {"id": 7}, "job_id": 8825079, "pipeline_id": 529171}
    (run,) = rows_of("build", {**build(hook, 120257), "source_pipeline": made}, "workflowruns")
    assert (run["parentgitid"], run["parentjobgitid"]) == (529171, 8825079)


def read(kind: str, table: str, **parts: Json) -> Json:
    mapped = GITLAB.rows_read(kind, {"project": listed_project(), **parts}, NOW)
    assert mapped.notes == ()
    return next(dict(row.values) for row in mapped.rows if row.table == table)


def test_pipeline_of_another_ci_is_stored_without_an_end():
    listed = read("pipeline", "workflowruns", pipeline=EXTERNAL_2022)
    assert (listed["gitid"], listed["event"], listed["runnumber"]) == (457474837, "external", 1)
    whole = {**EXTERNAL_2022, "started_at": None, "finished_at": None, "duration": None}
    attempt = read("pipeline", "runattempts", pipeline=whole)
    assert (attempt["status"], attempt["finishtime"], attempt["updatetime"]) == (
        "in_progress",
        None,
        None,
    )


def test_job_of_the_api_that_no_runner_took_has_an_end_and_nothing_else():
    job = read("job", "jobs", job=STUCK_2022)
    said = ("status", "conclusion", "starttime", "endtime", "queuetime", "runtime", "labels", "os")
    ended = datetime(2022, 8, 25, 23, 0, 8)
    assert [job[name] for name in said] == [
        "completed", "failure", None, ended, None, None, None, None,
    ]  # fmt: skip


def test_job_of_the_api_that_was_cancelled_ran_until_then():
    job = read("job", "jobs", job=CANCELED_2024)
    said = ("conclusion", "runtime", "queuetime", "runnername", "os", "failurereason")
    name = "4-green.saas-linux-small-amd64.runners-manager.gitlab.com/default"
    assert [job[one] for one in said] == ["cancelled", 22.916, 0, name, "Linux", None]
    hosted = {**CANCELED_2024, "runner_manager": None}  # as GitLab.com says of its own
    assert read("job", "jobs", job=hosted)["os"] == "Linux"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"project_name": "group/app"}, "group/app"),
        ({"repository": {"git_http_url": "https://gitlab.com/group/app.git"}}, "group/app"),
        ({"project_name": "Group / App"}, None),  # which names no path
        ({"repository": {"url": "git@gitlab.com:group/app.git"}}, None),
    ],
)
def test_job_without_its_project_is_of_the_one_that_is_named_somehow(said: Json, name: str | None):
    whole = build(pipeline_of(UNSTARTED_2022), 120257)
    hook = {key: value for key, value in whole.items() if key not in ("project", "repository")}
    if name is None:
        with pytest.raises(Unmappable, match="repository"):
            GITLAB.rows_for("build", {**hook, **said}, None, NOW)
        return
    mapped = GITLAB.rows_for("build", {**hook, **said}, None, NOW)
    assert (mapped.provider, mapped.repository.values["name"]) == ("gitlab", name)
