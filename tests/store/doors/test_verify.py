"""What is stored against the deliveries it was made from: each kind of damage is one sentence."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, delete, select, update

from engines import reading
from rows.version import REVISION
from schema.tables.ci import jobs, metadata, repos, runattempts, workflowruns
from schema.tables.deliveries import deliveries
from store.doors import verify, verify_pass
from store.state import health, notes
from tests.store.production_doors import by_webhook, told
from tests.stories import STORIES
from tests.stories.plain import SUCCESS
from tests.stories.story import Story


def wrong(engine: Engine) -> list[str]:
    return [why for page in verify.verify_newest(engine) for why in page.wrong]


def change(engine: Engine, table: sa.Table, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(table).values(**values))


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Give a store with one run, told by its deliveries."""
    by_webhook(engine, told(SUCCESS))
    assert wrong(engine) == []
    return engine


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_store_that_is_whole_is_not_doubted(engine: Engine, story: Story):
    by_webhook(engine, told(story))
    assert wrong(engine) == []


@pytest.mark.parametrize("name", ["repos", "workflowruns", "runattempts", "jobs", "commits"])
def test_row_that_is_missing_is_told_with_a_delivery_that_says_it(filled: Engine, name: str):
    with filled.begin() as connection:
        connection.execute(delete(metadata.tables[name]))
    assert any(
        why.startswith(f"{name} ") and " is missing (delivery " in why for why in wrong(filled)
    )


@pytest.mark.parametrize(
    ("table", "values", "why"),
    [
        (jobs, {"conclusion": "failure"}, "conclusion is not what was received"),
        (jobs, {"name": "built"}, "name is not what was received"),
        (jobs, {"url": "https://github.com/octo-org/other"}, "url is not what was received"),
        (jobs, {"version": b"\0"}, None),
        (repos, {"defaultbranch": "Main"}, "defaultbranch is not what was received"),
        (workflowruns, {"runtime": 4.5}, "what is derived differs"),
        (runattempts, {"queuetime": 77}, "what is derived differs"),
    ],
)
def test_row_that_says_something_else_is_told(
    filled: Engine, table: sa.Table, values: dict[str, Any], why: str | None
):
    change(filled, table, **values)
    first = wrong(filled)
    # A version that no mapping of today makes may be of an older release.
    assert bool(first) == (why is not None)
    assert why is None or any(why in one and one.startswith(f"{table.name} ") for one in first)


def test_row_that_is_older_than_what_was_received_is_told(filled: Engine):
    with reading(filled).connect() as connection:
        version = connection.scalar(select(jobs.c.version))
    assert int.from_bytes(version[9:11], "big") == REVISION["jobs"]
    change(filled, jobs, version=b"\0" + version[1:])
    assert any("it is older than what was received" in why for why in wrong(filled))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"body": b"no zlib"}, "body: is damaged"),
        ({"body": None}, "body: is missing"),
        ({"bodyhash": "0" * 64}, "body: is not the one that was received"),
        ({"action": "requestee"}, "action: is not what its body says"),
        ({"repo": "octo-org/apq"}, "repo: is not what its body says"),
        ({"event": "workflow_rum"}, "event: workflow_rum fills no table"),
    ],
)
def test_delivery_that_is_damaged_is_told_and_the_others_compared(
    filled: Engine, values: dict[str, Any], why: str
):
    with filled.begin() as connection:
        last = connection.scalar(select(sa.func.max(deliveries.c.Id)))
        connection.execute(update(deliveries).where(deliveries.c.Id == last).values(**values))
        connection.execute(delete(metadata.tables["commits"]))
    first, *others = wrong(filled)
    assert why in first
    assert any("commits " in one for one in others)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_value_that_is_none_of_its_type_stops_no_other(filled: Engine):
    with filled.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET createtime = 'a moth'")
        connection.exec_driver_sql(
            "UPDATE deliveries SET receivetime = 'a moth' WHERE guid LIKE '% 0'"
        )
        connection.execute(delete(metadata.tables["commits"]))
    texts = wrong(filled)
    assert any(one.startswith("delivery ") and "a value cannot be read" in one for one in texts)
    assert any(one.startswith("jobs ") and "a value cannot be read" in one for one in texts)


def test_pass_keeps_in_health_what_it_met_and_that_it_is_well_again(filled: Engine):
    change(filled, jobs, name="built")
    assert run_pass(filled) == 2
    (state,) = stored_health(filled)
    assert (state.name, state.state) == ("store", health.BAD)
    assert "name is not what was received" in str(state.detail)
    assert "restore a backup (docs/operating.md)" in str(state.detail)
    assert not verify_pass.step(filled)  # a day has not gone by
    with filled.begin() as connection:
        connection.execute(delete(jobs))
        notes.put(connection, "", verify_pass.MARK, None)
    by_webhook(
        filled,
        [
            one._replace(delivery=one.delivery._replace(guid=f"again {one}"))
            for one in told(SUCCESS)
        ],
    )
    run_pass(filled)
    (state,) = stored_health(filled)
    assert (state.state, state.detail) == (health.GOOD, "")


def run_pass(engine: Engine) -> int:
    """Go through all deliveries; return how many steps that took."""
    steps = 1
    while verify_pass.step(engine):
        steps += 1
    return steps


def stored_health(engine: Engine) -> list[health.StoredHealth]:
    with reading(engine).connect() as connection:
        return health.rows(connection)
