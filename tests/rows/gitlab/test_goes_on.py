"""What goes on without a time of its own: which record is the later one, and what it leaves."""

from datetime import datetime
from typing import Any

import pytest

from rows.sources import source_of
from tests.rows.gitlab import payloads
from tests.rows.gitlab.payloads import Json, build, job, pipeline

GITLAB = source_of("gitlab")
READ = datetime(2021, 10, 7, 12)
END = "2021-10-07 08:20:00 UTC"


def waits(number: int, name: str, status: str, **more: object) -> Json:
    none = dict.fromkeys(("started_at", "finished_at", "duration", "queued_duration", "runner"))
    return job(number, name, status, **none, **more)


def rows_of(payload: Json, kind: str = "") -> dict[str, dict[str, Any]]:
    """Return the rows of a hook, or of a reading of a kind, the last of each table."""
    if kind:
        mapped = GITLAB.rows_read(kind, payload, READ)
    else:
        mapped = GITLAB.rows_for(payload["object_kind"], payload, None, READ)
    return {row.table: dict(row.values) for row in mapped.rows}


def attempt(payload: Json, kind: str = "") -> tuple[bytes, str]:
    row = rows_of(payload, kind)["runattempts"]
    return row["version"], row["status"]


def gate(status: str, word: str = "", **more: object) -> Json:
    """Return a pipeline whose last job waits for somebody, or was let go."""
    jobs = (job(1, "unit"), waits(2, "deploy", status, manual=True, **more))
    return pipeline(*jobs, status=word or status, end=None)


@pytest.mark.parametrize("status", ["waiting_for_resource", "preparing", "pending"])
def test_pipeline_that_was_let_go_is_later_than_the_one_that_waits(status: str):
    before = pipeline(job(1, "unit"), waits(2, "deploy", "created", manual=True),
                      status="running", end=None)  # fmt: skip
    assert attempt(before)[0] < attempt(gate("manual"))[0] < attempt(gate(status))[0]
    assert attempt(gate("pending", "running"))[0] > attempt(gate("manual"))[0]


def test_second_gate_is_later_than_the_first_which_was_passed():
    first = waits(2, "approve", "pending", manual=True)
    hooks = [
        pipeline(job(1, "unit"), one, waits(3, "deploy", other, manual=True), status=word, end=None)
        for one, other, word in (
            (waits(2, "approve", "manual", manual=True), "manual", "manual"),
            (first, "manual", "pending"),
            (first, "pending", "pending"),
        )
    ]
    versions = [attempt(hook)[0] for hook in hooks]
    assert versions == sorted(versions)


def test_reading_of_an_open_pipeline_is_as_new_as_its_last_change():
    stuck = pipeline(job(1, "unit"), waits(2, "deploy", "waiting_for_resource"),
                     status="waiting_for_resource", end=None)  # fmt: skip
    before = pipeline(job(1, "unit"), waits(2, "deploy", "created"), status="running", end=None)
    read = payloads.read_pipeline(stuck, updated="2021-10-07T08:19:09.100Z")
    assert attempt(read, "pipeline")[0] > attempt(before)[0]
    since = {"started_at": "2021-10-07 08:30:00 UTC", "finished_at": None}
    running = job(2, "deploy", "running", **since)
    started = pipeline(job(1, "unit"), running, status="running", end=None)
    assert attempt(started)[0] > attempt(read, "pipeline")[0]
    ended = pipeline(job(1, "unit"), job(2, "deploy"), end=END)
    assert attempt(ended)[0] > attempt(read, "pipeline")[0]


def test_time_of_a_change_that_is_far_ahead_orders_nothing():
    open_one = pipeline(job(1, "unit"), waits(2, "deploy", "pending"), status="running", end=None)
    far = payloads.read_pipeline(open_one, updated="2091-10-07T08:19:09.100Z")
    near = payloads.read_pipeline(open_one, updated="2021-10-07T08:19:09.100Z")
    assert attempt(far, "pipeline")[0] < attempt(near, "pipeline")[0]


@pytest.mark.parametrize("status", ["scheduled", "manual", "waiting_for_resource", "pending"])
def test_job_that_was_skipped_goes_on_when_what_it_follows_is_tried_again(status: str):
    def version(own: str) -> bytes:
        hook = pipeline(waits(2, "deploy", own), status="running", end=None)
        return bytes(rows_of(hook)["jobs"]["version"])

    assert version("created") < version("skipped") < version(status)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (pipeline(job(1, "unit"), end=END), {"passedtime": datetime(2021, 10, 7, 8, 20)}),
        (pipeline(job(1, "unit"), end=None), {"passedtime": datetime(2021, 10, 7, 8, 19, 5)}),
        (
            pipeline(job(1, "unit", "failed"), status="failed", end=END),
            {"failedtime": datetime(2021, 10, 7, 8, 20)},
        ),
        (pipeline(job(1, "unit"), status="running", end=END), {}),
        (gate("manual"), {"passedtime": datetime(2021, 10, 7, 8, 19, 5)}),
        (pipeline(job(1, "unit"), end="2091-10-07 08:20:00 UTC"),
         {"passedtime": datetime(2021, 10, 7, 8, 19, 5)}),
        (pipeline(end=None, status="failed"), {}),
    ],
)  # fmt: skip
def test_when_a_pipeline_passed_or_failed(payload: Json, told: dict[str, datetime]):
    for row in (rows_of(payload), rows_of(payloads.read_pipeline(payload), "pipeline")):
        own = row["workflowruns"]
        assert {name: own[name] for name in ("passedtime", "failedtime") if name in own} == told


def test_tag_that_is_called_as_the_default_branch_is_told_apart():
    hook = pipeline(job(1, "unit"), tag=True)
    read = payloads.read_pipeline(hook)
    read["jobs"] = [{**one, "tag": True} for one in read["jobs"]]
    alone = {**build(hook, 1), "tag": True}
    for rows in (rows_of(hook), rows_of(read, "pipeline"), rows_of(alone)):
        assert {rows[name]["branchname"] for name in ("workflowruns", "jobs")} == {"refs/tags/main"}
    other = rows_of(pipeline(job(1, "unit"), tag=True, ref="v1"))
    assert other["workflowruns"]["branchname"] == "v1"


def request(begins: int, target: int = 7) -> Json:
    return {"iid": 5, "source_project_id": begins, "target_project_id": target}


@pytest.mark.parametrize(
    ("told", "head"),
    [(request(7), None), (request(9), "unknown"), (request(7, 9), None), (None, None)],
)
def test_merge_request_of_a_fork_is_of_no_branch_of_the_project(told: Json, head: str | None):
    hook = {**pipeline(job(1, "unit"), source="merge_request_event"), "merge_request": told}
    assert rows_of(hook)["workflowruns"].get("headrepo") == head


@pytest.mark.parametrize(
    ("changes", "queued", "ran"),
    [
        ({"queued_duration": -5.0}, None, 65.5),
        ({"duration": -0.5}, 2, None),
        ({"queued_duration": None}, None, 65.5),
    ],
)
def test_span_below_zero_is_none_and_noted(changes: Json, queued: int | None, ran: float | None):
    row = rows_of(pipeline(job(1, "unit", **changes)))["jobs"]
    is_odd = None not in changes.values()
    assert (row["queuetime"], row["runtime"], row["clockanomaly"]) == (queued, ran, is_odd)


def test_pipeline_of_which_only_a_job_is_known_is_as_old_as_the_job():
    hook = build(pipeline(job(1, "unit", "failed"), status="failed"), 1)
    created = datetime(2021, 10, 7, 8, 17)
    assert rows_of(hook)["workflowruns"]["createtime"] == created
    assert rows_of({**hook, "retries_count": 1})["workflowruns"]["createtime"] is None


@pytest.mark.parametrize(
    ("child", "is_ours"),
    [
        ({"project_id": 7}, True),
        ({"project_id": 8}, False),
        ({"web_url": f"{payloads.PAGE}/-/pipelines/32"}, True),
        ({"web_url": "https://gitlab.com/group/other/-/pipelines/32"}, False),
    ],
)
def test_pipeline_in_another_project_is_none_of_ours(child: Json, is_ours: bool):
    read = payloads.read_pipeline(pipeline(job(1, "unit")))
    read["bridges"] = [{"id": 9, "name": "trigger", "downstream_pipeline": {"id": 32, **child}}]
    rows = GITLAB.rows_read("pipeline", read, READ).rows
    ids = [row.values["gitid"] for row in rows if row.table == "workflowruns"]
    assert ids == [31, 32][: 1 + is_ours]


@pytest.mark.parametrize("shown", ["Group / Sub / App", "App", None])
def test_project_of_an_old_job_hook_on_a_server_below_a_path(shown: str | None):
    page = "https://git.example.org/gitlab/group/sub/app"
    hook = build(pipeline(job(1, "unit")), 1)
    hook = {**hook, "project": None, "project_name": shown, "repository": {"homepage": page}}
    about = GITLAB.repository_of(hook, "gitlab")
    assert about is not None
    name = "group/sub/app" if shown and "/" in shown else "gitlab/group/sub/app"
    server = "gitlab:git.example.org" + ("/gitlab" if shown and "/" in shown else "")
    assert (about.provider, about.name) == (server, name)


def test_pipeline_that_was_not_made_failed_at_its_start_by_both_doors():
    hook = pipeline(status="failed", end=END, stages=[])
    read = payloads.read_pipeline(hook)
    read["pipeline"]["stages"] = []
    for rows in (rows_of(hook), rows_of(read, "pipeline")):
        assert rows["runattempts"]["conclusion"] == "startup_failure"
