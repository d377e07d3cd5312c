"""A guid that comes again: with the body it had, or with another one."""

import json
from datetime import datetime

import pytest
from isal import isal_zlib
from sqlalchemy import Engine, select, update

from config.watch import watch
from engines import reading
from schema.tables.deliveries import deliveries
from store.deliveries.table import Delivery, DeliveryFilter, read_page
from store.doors import same_guid
from store.doors.decide import decide_each
from store.doors.webhook import store_each
from tests.store import production_doors
from tests.store.production_doors import told
from tests.store.writers import emptied, together
from tests.stories.plain import SUCCESS

NOON = datetime(2026, 3, 2, 12)
GUID = "0b989ba4-242f-11e5-81e1-c7b6966d2516"
FIRST, SECOND = (one.delivery._replace(guid=GUID) for one in told(SUCCESS)[:2])


def stored(engine: Engine) -> list[tuple[str, str, str | None]]:
    """Return state, event and error of each delivery, in the order they came."""
    with reading(engine).connect() as connection:
        query = select(deliveries.c.state, deliveries.c.event, deliveries.c.error)
        return [tuple(row) for row in connection.execute(query.order_by(deliveries.c.Id))]


def guids(engine: Engine) -> list[str]:
    with reading(engine).connect() as connection:
        return list(connection.scalars(select(deliveries.c.guid).order_by(deliveries.c.Id)))


def with_body(one: Delivery, body: bytes) -> Delivery:
    return one._replace(body=body)


def spelled_anew(body: bytes) -> bytes:
    """Return the same JSON in other bytes, as a hook's log gives it."""
    return json.dumps(json.loads(body), indent=1, sort_keys=True).encode()


def test_other_body_under_an_applied_guid_is_kept_and_quarantined(engine: Engine):
    assert production_doors.store(engine, FIRST) == "applied"
    assert production_doors.store(engine, SECOND) == "quarantined"
    own = f"{GUID}~{same_guid.hash_of(GUID.encode() + b' ' + SECOND.body)[:16]}"
    assert guids(engine) == [GUID, own]
    why = f"guid: {GUID} came with another body before; this one is kept as {own}"
    assert stored(engine) == [
        ("applied", FIRST.event, None),
        ("quarantined", SECOND.event, why),
    ]


def test_other_body_is_applied_by_a_replay_and_a_duplicate_from_then_on(engine: Engine):
    production_doors.store(engine, FIRST)
    production_doors.store(engine, SECOND)
    production_doors.replay_all(engine)
    assert [state for state, *_ in stored(engine)] == ["applied", "applied"]
    assert production_doors.store(engine, SECOND) == "duplicate"
    assert production_doors.store(engine, FIRST) == "duplicate"


def test_body_that_waited_compressed_takes_no_place_of_the_first_in_other_bytes(engine: Engine):
    production_doors.quarantine(engine, FIRST)
    again = spelled_anew(FIRST.body)
    (waited,) = decide_each(engine, watch(()), [with_body(FIRST, again)])
    packed = isal_zlib.compress(again)
    (outcome,) = store_each(engine, [waited._replace(packed=packed)], on_bug=pytest.fail)
    with reading(engine).connect() as connection:
        ((_, kept),) = read_page(connection, DeliveryFilter())
    assert (outcome.state, kept.body) == ("applied", FIRST.body)


def test_other_body_that_comes_again_stays_quarantined_once(engine: Engine):
    for one in (FIRST, SECOND, SECOND):
        production_doors.store(engine, one)
    assert [state for state, *_ in stored(engine)] == ["applied", "quarantined"]


def test_other_body_under_a_quarantined_guid_does_not_take_its_place(engine: Engine):
    production_doors.quarantine(engine, FIRST)
    assert production_doors.store(engine, SECOND) == "quarantined"
    assert [event for _, event, _ in stored(engine)] == [FIRST.event, SECOND.event]


def test_same_json_in_other_bytes_is_a_duplicate(engine: Engine):
    production_doors.store(engine, FIRST)
    again = with_body(FIRST, spelled_anew(FIRST.body))
    assert again.body != FIRST.body
    assert production_doors.store(engine, again) == "duplicate"


def for_another_hook(body: bytes) -> bytes:
    """Return what an App's hook sends of an event beside a repository's."""
    mine = {"installation": {"id": 9, "node_id": "x"}, "organization": {"login": "octo", "id": 1}}
    return json.dumps({**json.loads(body), **mine}).encode()


def test_event_that_a_second_hook_sends_is_a_duplicate(engine: Engine):
    again = with_body(FIRST, for_another_hook(FIRST.body))
    assert production_doors.store(engine, FIRST) == "applied"
    assert production_doors.store(engine, again) == "duplicate"
    other = with_body(SECOND, for_another_hook(SECOND.body))
    assert production_doors.store(engine, other) == "quarantined"


def test_same_json_in_other_bytes_under_a_quarantined_guid_is_applied(engine: Engine):
    production_doors.quarantine(engine, FIRST)
    assert production_doors.store(engine, with_body(FIRST, spelled_anew(FIRST.body))) == "applied"
    assert production_doors.store(engine, FIRST) == "duplicate"


def test_event_that_comes_with_the_right_header_later_is_applied_under_it(engine: Engine):
    assert production_doors.store(engine, SECOND._replace(event="delete")) == "quarantined"
    assert production_doors.store(engine, SECOND) == "applied"
    assert stored(engine) == [("applied", SECOND.event, None)]


@pytest.mark.parametrize("one", [FIRST, SECOND], ids=["same", "other"])
def test_delivery_of_an_older_release_is_compared_by_its_body(engine: Engine, one: Delivery):
    production_doors.store(engine, FIRST)
    with engine.begin() as connection:
        connection.execute(update(deliveries).values(bodyhash=None))
    state = "duplicate" if one == FIRST else "quarantined"
    assert production_doors.store(engine, one) == state


def test_damaged_body_of_an_older_release_is_taken_for_another_one(engine: Engine):
    production_doors.store(engine, FIRST)
    with engine.begin() as connection:
        connection.execute(update(deliveries).values(bodyhash=None, body=b"\x00damaged"))
    assert production_doors.store(engine, FIRST) == "quarantined"


def test_body_under_an_ignored_guid_is_applied(engine: Engine):
    production_doors.ignore(engine, FIRST, "not watched")
    assert production_doors.store(engine, SECOND) == "applied"
    assert stored(engine) == [("applied", SECOND.event, None)]


def test_ignored_body_under_an_applied_guid_is_noted_beside_it(engine: Engine):
    production_doors.store(engine, FIRST)
    assert production_doors.ignore(engine, SECOND, "not watched") == "ignored"
    assert [state for state, *_ in stored(engine)] == ["applied", "ignored"]


def test_bodies_that_come_at_once_under_one_guid_are_both_kept(engine: Engine):
    both = [production_doors.with_guid(one, GUID) for one in told(SUCCESS)[:2]]
    production_doors.by_webhook(engine, both)
    assert [state for state, *_ in stored(engine)] == ["applied", "quarantined"]


def test_own_guid_that_somebody_took_before_leads_to_another(engine: Engine):
    taken = same_guid.under_own_guid(told(SUCCESS)[1]._replace(delivery=SECOND)).delivery.guid
    production_doors.store(engine, FIRST._replace(guid=taken))
    production_doors.store(engine, FIRST)
    assert production_doors.store(engine, SECOND) == "quarantined"
    assert len(guids(engine)) == 3


@pytest.mark.parametrize("letters", [1, 36, 64])
def test_own_guid_is_never_longer_than_a_guid_may_be(engine: Engine, letters: int):
    for one in (FIRST, SECOND):
        production_doors.store(engine, one._replace(guid="g" * letters))
    assert [len(guid) <= 64 for guid in guids(engine)] == [True, True]


def test_two_writers_that_save_two_bodies_at_once_keep_both(writers: list[Engine]):
    for _ in range(5):
        emptied(writers[0].url.render_as_string(hide_password=False))
        together(
            [
                lambda: production_doors.store(writers[0], FIRST),
                lambda: production_doors.store(writers[1], SECOND),
            ]
        )
        assert sorted(state for state, *_ in stored(writers[0])) == ["applied", "quarantined"]
