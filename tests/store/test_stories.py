"""Each story, told in order, leaves exactly the rows written by hand; told again, nothing more."""

import pytest
from sqlalchemy import Engine, text

from store import apply
from tests.equality import check_equal, contents
from tests.store.production_doors import DOORS, Door, deliver, told, with_guid
from tests.store.writers import check_story
from tests.stories import STORIES, plain
from tests.stories.story import Story


@pytest.fixture(params=STORIES, ids=lambda story: story.name)
def story(request: pytest.FixtureRequest) -> Story:
    return request.param


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Door:
    return DOORS[request.param]


def test_story_backwards_gives_its_rows(engine: Engine, story: Story, door: Door):
    deliver(engine, reversed(told(story)), door)
    check_story(engine, story)


def test_story_in_one_batch_gives_its_rows(engine: Engine, story: Story, door: Door):
    door(engine, told(story))
    check_story(engine, story)


def test_story_in_order_gives_its_rows_and_told_again_by_a_new_process_changes_nothing(
    engine: Engine, story: Story, door: Door
):
    deliver(engine, told(story), door)
    check_story(engine, story)
    before = contents(engine, versions=True)
    apply.CACHES.clear()
    # With guids of their own: a webhook's delivery that was applied is not applied again.
    again = [with_guid(one, f"{one.delivery.guid} again") for one in told(story)]
    deliver(engine, again, door)
    del before["deliveries"]
    check_equal(contents(engine, versions=True), before)


def test_steps_view_shows_the_steps_of_a_job(engine: Engine):
    deliver(engine, told(plain.SUCCESS))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM steps ORDER BY number")).all()
    start, end = "2026-03-02 12:00:08.000000", "2026-03-02 12:02:08.000000"
    ended = ("completed", "success")
    shown = [(*row[:6], *(str(time)[:19] for time in row[6:])) for row in found]
    assert shown == [
        ("github", 83456000001, 1, "Set up job", *ended, start[:19], start[:19]),
        ("github", 83456000001, 2, "Run tests", *ended, start[:19], end[:19]),
        ("github", 83456000001, 3, "Complete job", *ended, end[:19], end[:19]),
    ]
