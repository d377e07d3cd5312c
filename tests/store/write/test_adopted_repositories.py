"""What is written claims the rows of an earlier installation instead of doubling them."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, event

from fakegithub.payloads.events import at, push_event, repository
from tests.store.production_doors import deliver, told
from tests.store.write.unadopted import COMPLETED, adopted, run_of, send, stored
from tests.store.writers import check_story
from tests.stories import plain
from tests.stories.story import APP, HEAD, HERE, PUSH, RUN_ID, SHA, run_sent, the_run

LONG = "feature/" + "x" * 60


def test_repository_is_claimed_by_its_full_name_whatever_its_case(engine: Engine):
    adopted(engine, {"repos": [{"Id": 4, "name": "Octo-Org/App"}]})
    send(engine, PUSH)
    assert stored(engine, "repos", "Id", "provider", "gitid", "name") == [(4, *APP, "octo-org/app")]


def test_repository_is_claimed_by_its_short_name(engine: Engine):
    branch = {"Id": 1, "name": "main", "repo": "app"}
    adopted(engine, {"repos": [{"Id": 4, "name": "app"}], "branches": [branch]})
    send(engine, PUSH)
    assert stored(engine, "repos", "Id", "gitid") == [(4, APP[1])]
    assert stored(engine, "branches", "Id", "name", "repo") == [(1, "main", "octo-org/app")]


def test_short_name_whose_runs_are_of_another_owner_is_not_claimed(engine: Engine):
    run = {**run_of("app", 77), "url": "https://github.com/another/app/actions/runs/77"}
    adopted(engine, {"repos": [{"Id": 4, "name": "app"}], "workflowruns": [run]})
    send(engine, PUSH)
    assert stored(engine, "repos", "gitid", "name") == [(None, "app"), (APP[1], "octo-org/app")]


def test_name_that_was_cut_is_claimed(engine: Engine):
    here = repository(full_name=f"octo-org/{'app' * 20}", id=5, pushed_at=at("11:59:00"))
    adopted(engine, {"repos": [{"Id": 4, "name": f"octo-org/{'app' * 20}"[:50]}]})
    send(engine, ("push", push_event(repository=here, commits=[HEAD])))
    assert stored(engine, "repos", "Id", "gitid", "name") == [(4, 5, f"octo-org/{'app' * 20}")]


def test_repository_renamed_before_its_first_event_is_claimed_by_a_run_it_holds(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"Id": 4, "name": "octo-org/old"}],
            "branches": [{"Id": 8, "name": "main", "repo": "octo-org/old"}],
            "workflowruns": [{"Id": 6, **run_of("octo-org/old")}],
        },
    )
    send(engine, COMPLETED, PUSH)
    assert stored(engine, "repos", "Id", "gitid", "name") == [(4, APP[1], "octo-org/app")]
    assert stored(engine, "branches", "Id", "repoid") == [(8, 4)]
    assert stored(engine, "workflowruns", "Id", "repoid", "status", "conclusion", "queuetime") == [
        (6, 4, "completed", "success", None)
    ]
    names = stored(engine, "repoaliases", "repoid", "name")
    assert sorted(names) == [(4, "octo-org/app"), (4, "octo-org/old")]


def test_run_decides_before_a_name_does(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"Id": 4, "name": "octo-org/app"}, {"Id": 5, "name": "octo-org/old"}],
            "workflowruns": [run_of("octo-org/old")],
        },
    )
    send(engine, COMPLETED)
    assert stored(engine, "repos", "Id", "gitid") == [(4, None), (5, APP[1])]


def test_job_of_a_held_run_claims_its_repository(engine: Engine):
    adopted(engine, {"repos": [{"Id": 4, "name": "old"}], "workflowruns": [run_of("old")]})
    job = next(body for event, body in plain.SUCCESS.deliveries if event == "workflow_job")
    send(engine, ("workflow_job", job))
    assert stored(engine, "repos", "Id", "gitid") == [(4, APP[1])]


def test_rows_of_one_repository_under_two_names_are_claimed_from_both(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"Id": 4, "name": "octo-org/app"}, {"Id": 5, "name": "app"}],
            "branches": [{"Id": 8, "name": "main", "repo": "app"}],
            "commits": [{"Id": 3, "hash": SHA, "repo": "app"}],
            "workflows": [{"Id": 2, "name": "CI", "repo": "app"}],
            "workflowruns": [run_of("app", 77), run_of("octo-org/app")],
        },
    )
    send(engine, COMPLETED, run_sent("requested", the_run("12:00:00", id=77)), PUSH)
    assert stored(engine, "branches", "Id", "repoid") == [(8, 4)]
    assert stored(engine, "commits", "Id", "repoid") == [(3, 4)]
    assert stored(engine, "workflowruns", "gitid", "repoid") == [(77, 4), (RUN_ID, 4)]
    assert stored(engine, "repos", "Id", "gitid") == [(4, APP[1]), (5, None)]


def test_commit_of_nobody_is_claimed_by_its_hash(engine: Engine):
    adopted(engine, {"commits": [{"Id": 9, "hash": SHA, "author": "cut", "repo": None}]})
    send(engine, PUSH)
    assert stored(engine, "commits", "Id", "hash", "author") == [(9, SHA, "Mona Lisa")]


def test_workflow_is_claimed_by_repository_and_name(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"name": "octo-org/app"}, {"name": "octo-org/other"}],
            "workflows": [{"Id": 6, "name": "CI", "repo": "octo-org/app"}],
        },
    )
    send(engine, COMPLETED)
    assert stored(engine, "workflows", "Id", "gitid", "name") == [(6, 302_000_001, "CI")]


def test_workflow_of_another_repository_is_left_to_that_one(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"name": "octo-org/app"}, {"name": "octo-org/other"}],
            "workflows": [{"Id": 6, "name": "CI", "repo": "octo-org/other"}],
        },
    )
    send(engine, COMPLETED)
    assert stored(engine, "workflows", "gitid") == [(None,), (302_000_001,)]
    assert stored(engine, "workflows", "Id")[0] == (6,)


def test_branch_whose_name_was_cut_gets_its_whole_name(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"name": "octo-org/app"}],
            "branches": [{"Id": 8, "name": LONG[:50], "author": "octo", "repo": "octo-org/app"}],
        },
    )
    push = push_event(repository=HERE, commits=[HEAD], ref=f"refs/heads/{LONG}")
    send(engine, ("push", push))
    assert stored(engine, "branches", "Id", "name", "headhash") == [(8, LONG, SHA)]


def test_branch_that_is_only_created_keeps_the_author_it_had(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"name": "octo-org/app"}],
            "branches": [{"name": "main", "author": "octo", "repo": "octo-org/app"}],
        },
    )
    create = {"ref": "main", "ref_type": "branch", "repository": HERE}
    send(engine, ("create", create))
    assert stored(engine, "branches", "name", "author") == [("main", "octo")]


def test_story_after_adoption_is_the_story(engine: Engine):
    adopted(
        engine,
        {
            "repos": [{"name": "app"}],
            "branches": [{"name": "main", "repo": "app"}],
            "commits": [{"hash": SHA, "message": "cut", "time": datetime(2020, 1, 1)}],
            "workflows": [{"name": "CI", "repo": "app"}],
            "workflowruns": [{**run_of("app"), "workflowname": "C", "os": "BeOS"}],
        },
    )
    deliver(engine, told(plain.SUCCESS))
    check_story(engine, plain.SUCCESS)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_store_that_never_was_legacy_asks_once_and_no_more(engine: Engine):
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *all: asked.append(all[2]))
    deliver(engine, told(plain.SUCCESS))
    assert sum("FROM marks" in one for one in asked) == 1
