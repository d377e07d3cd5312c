"""A field that cannot be read costs nothing but itself, whichever way a delivery comes."""

import pytest
from sqlalchemy import Engine, select

from schema.tables.ci import branches, commits
from schema.tables.deliveries import deliveries
from tests.store import production_doors
from tests.store.production_doors import DOORS
from tests.stories.git import THIRD_SHA
from tests.stories.story import HERE, PUSH, SHA

ODD = {**PUSH[1]["commits"][0], "id": THIRD_SHA, "timestamp": "2018-01-26T07:30:02-34:07"}
PAYLOAD = {
    **PUSH[1],
    "commits": [{"message": "no id"}, *PUSH[1]["commits"], ODD, "no commit"],
    "repository": {**HERE, "default_branch": 7, "private": "yes"},
}
NOTES = (
    "push.commits: wants a list of objects, got a list; "
    "commits.id: is missing; "
    "commits.timestamp: wants a time, got '2018-01-26T07:30:02-34:07'; "
    "repository.default_branch: wants text, got 7; "
    "repository.private: wants true or false, got 'yes'"
)


@pytest.mark.parametrize("door", DOORS)
def test_push_with_odd_fields_moves_its_branch_and_brings_its_commits(engine: Engine, door: str):
    sent = production_doors.sent("push", PAYLOAD, "g1")
    sent = sent._replace(reason="; ".join(sent.rows.notes))
    production_doors.deliver(engine, [sent], DOORS[door])
    with engine.connect() as connection:
        assert connection.scalars(select(branches.c.headhash)).all() == [SHA]
        times = dict(connection.execute(select(commits.c.hash, commits.c.time)).all())
        kept = connection.execute(select(deliveries.c.state, deliveries.c.error)).all()
    assert set(times) == {SHA, THIRD_SHA}
    assert times[THIRD_SHA] is None
    assert kept == ([] if door == "API" else [("applied", NOTES)])


def test_delivery_is_applied_with_what_of_it_is_not_known(engine: Engine):
    delivery = production_doors.sent("push", PAYLOAD, "g1").delivery
    assert production_doors.store(engine, delivery) == "applied"
    with engine.connect() as connection:
        assert connection.scalars(select(deliveries.c.error)).all() == [NOTES]


def test_delivery_whose_fields_can_all_be_read_has_no_note(engine: Engine):
    delivery = production_doors.sent(*PUSH, "g1").delivery
    assert production_doors.store(engine, delivery) == "applied"
    with engine.connect() as connection:
        assert connection.scalars(select(deliveries.c.error)).all() == [None]
