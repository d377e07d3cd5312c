"""A pipeline has its merge request's number, whichever door told it and in whichever order."""

from itertools import permutations

import pytest
from sqlalchemy import Engine, select, update

from engines import reading
from rows import Mapped
from rows.sources import source_of
from schema.tables.ci import workflowruns
from store import apply
from store.history import newest_runs
from tests.rows.gitlab import payloads
from tests.rows.gitlab.payloads import Json, job, pipeline
from tests.store.writers import emptied

GITLAB = source_of("gitlab")
REF = "refs/merge-requests/12/merge"


def records_of(gitid: int, ref: str, hook: Json) -> dict[str, Mapped]:
    """Return what all doors say of a pipeline with the hook `hook`; `ref` is what others say."""
    other = pipeline(job(gitid + 1, "a"), id=gitid, ref=ref, source=hook_source(hook))
    read = payloads.read_pipeline(other)
    listed = {**read, "pipeline": {**read["pipeline"]}, "jobs": []}
    del listed["pipeline"]["finished_at"]
    return {
        "hook": GITLAB.rows_for("pipeline", hook, None, None),
        "job": GITLAB.rows_for("build", payloads.build(other, gitid + 1), None, None),
        "list": GITLAB.rows_read("pipeline", listed, None),
        "one": GITLAB.rows_read("pipeline", read, None),
    }


def hook_source(hook: Json) -> object:
    return hook["object_attributes"]["source"]


def hook_of(gitid: int, source: str, ref: str, project: int = 7) -> Json:
    request = {"id": 90, "iid": 12, "source_branch": "topic", "target_project_id": project}
    hook = pipeline(job(gitid + 1, "a"), id=gitid, source=source, ref=ref)
    return {**hook, "merge_request": request}


PROPOSED = records_of(31, REF, hook_of(31, "merge_request_event", "topic"))
PUSHED = records_of(41, "topic", hook_of(41, "push", "topic"))
FORKED = records_of(51, "topic", hook_of(51, "merge_request_event", "topic", project=3))


def write(engine: Engine, *batch: Mapped) -> None:
    apply.write(engine, lambda connection, cache: (
        apply.apply(connection, batch, cache, told=True), None
    ))  # fmt: skip


def numbers(engine: Engine) -> dict[int, int | None]:
    run = workflowruns.c
    with reading(engine).connect() as connection:
        rows = connection.execute(select(run.gitid, run.pullrequest)).all()
    return {gitid: number for gitid, number in rows}


def pull_page(engine: Engine) -> tuple[list[str], list[int]]:
    """Return what the page of number 12 finds: repositories, and runs of the first."""
    with reading(engine).connect() as connection:
        repos = newest_runs.list_pull_repos(connection, 12)
        runs = newest_runs.list_pull_runs(connection, repos[0].Id, 12, 10) if repos else []
    return [repo.name for repo in repos], [run.gitid for run in runs]


@pytest.mark.parametrize("door", PROPOSED)
def test_each_door_alone_tells_the_number(engine: Engine, door: str):
    write(engine, PROPOSED[door])
    assert numbers(engine) == {31: 12}


def test_doors_in_any_order_leave_one_number(engine: Engine, store_url: str):
    for order in permutations(PROPOSED, 3):
        emptied(store_url)
        for door in order:
            write(engine, PROPOSED[door], PUSHED[door], FORKED[door])
        assert (order, numbers(engine)) == (order, {31: 12, 41: None, 51: None})
        assert pull_page(engine) == (["group/sub/app"], [31])


@pytest.mark.parametrize("door", PROPOSED)
def test_row_of_an_earlier_release_has_it_once_it_is_told_again(engine: Engine, door: str):
    write(engine, *PROPOSED.values())
    with engine.begin() as connection:
        connection.execute(update(workflowruns).values(pullrequest=None))
    write(engine, PROPOSED[door])
    assert numbers(engine) == {31: 12}
