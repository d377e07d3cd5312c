"""Raw deliveries: what is kept of each, and what becomes of one that comes again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engines import reading
from schema.tables.deliveries import deliveries
from store.deliveries import table
from store.deliveries.table import PAGE, Delivery, DeliveryFilter, read_page
from tests.store import production_doors
from tests.store.writers import emptied, together
from tests.stories.plain import SUCCESS

NOON = datetime(2026, 3, 2, 12)
BODY = '{"emoji": "🧪", "nul": "\\u0000"}'.encode() + bytes(range(256))


def delivery(guid: str = "1", **values: Any) -> Delivery:
    """Return a delivery that no story has."""
    usual = Delivery("github", guid, 42, "push", None, "octo-org/app", NOON, BODY)
    return usual._replace(**values)


def stored(engine: Engine, guid: str = "1") -> dict[str, Any]:
    """Return the row of a delivery."""
    with reading(engine).connect() as connection:
        query = select(deliveries).where(deliveries.c.guid == guid)
        return dict(connection.execute(query).mappings().one())


def pages(engine: Engine, wanted: DeliveryFilter) -> list[list[str]]:
    """Return the guids that are wanted, by page."""
    found, after = [], 0
    with reading(engine).connect() as connection:
        while some := read_page(connection, wanted, after):
            found.append([one.guid for _, one in some])
            after = some[-1][0]
    return found


def test_delivery_is_kept_as_received(engine: Engine):
    assert (
        production_doors.quarantine(engine, delivery(action="created"), "no such field")
        == "quarantined"
    )
    row = stored(engine)
    assert row["body"] != BODY
    assert {name: row[name] for name in ("provider", "guid", "hookid", "event", "action")} == {
        "provider": "github",
        "guid": "1",
        "hookid": 42,
        "event": "push",
        "action": "created",
    }
    assert (row["repo"], row["receivetime"]) == ("octo-org/app", NOON)
    with reading(engine).connect() as connection:
        assert [one for _, one in read_page(connection, DeliveryFilter())] == [
            delivery(action="created")
        ]


@pytest.mark.parametrize(
    "body", [b"", b"\x00" * 100_000, BODY * 40_000], ids=["0", "zeros", "11 MB"]
)
def test_body_comes_back_byte_for_byte(engine: Engine, body: bytes):
    production_doors.quarantine(engine, delivery(body=body), "why")
    with reading(engine).connect() as connection:
        ((_, found),) = read_page(connection, DeliveryFilter())
    assert found.body == body


def test_quarantined_delivery_says_why(engine: Engine):
    production_doors.quarantine(engine, delivery(), "push.ref: is missing")
    row = stored(engine)
    assert (row["state"], row["error"]) == ("quarantined", "push.ref: is missing")
    assert (row["attempts"], row["applytime"]) == (1, None)


def test_ignored_delivery_keeps_no_body(engine: Engine):
    assert production_doors.ignore(engine, delivery(), "not watched") == "ignored"
    row = stored(engine)
    assert (row["state"], row["error"], row["body"]) == ("ignored", "not watched", None)
    assert pages(engine, DeliveryFilter(states=("ignored",))) == []


def test_applied_delivery_has_a_time_and_no_error(engine: Engine):
    production_doors.deliver(engine, production_doors.told(SUCCESS)[:1])
    row = stored(engine, "plain success 0")
    assert (row["state"], row["error"], row["attempts"]) == ("applied", None, 1)
    assert abs(row["applytime"] - datetime.now()) < timedelta(days=1)


def test_delivery_that_comes_again_is_a_duplicate(engine: Engine):
    first = production_doors.told(SUCCESS)[0]
    assert production_doors.store(engine, first.delivery) == "applied"
    assert production_doors.store(engine, first.delivery) == "duplicate"
    assert production_doors.quarantine(engine, first.delivery, "late") == "duplicate"
    assert production_doors.ignore(engine, first.delivery, "late") == "duplicate"
    row = stored(engine, first.delivery.guid)
    assert (row["state"], row["error"]) == ("applied", None)


def test_quarantined_delivery_that_comes_again_is_applied(engine: Engine):
    first = production_doors.told(SUCCESS)[0]
    production_doors.quarantine(engine, first.delivery, "a mapping broke")
    assert production_doors.store(engine, first.delivery) == "applied"
    row = stored(engine, first.delivery.guid)
    assert (row["state"], row["error"], row["attempts"]) == ("applied", None, 2)
    assert row["applytime"] is not None


def test_ignored_delivery_that_comes_again_is_applied_with_its_body(engine: Engine):
    first = production_doors.told(SUCCESS)[0]
    production_doors.ignore(engine, first.delivery, "not watched")
    production_doors.store(engine, first.delivery)
    with reading(engine).connect() as connection:
        ((_, found),) = read_page(connection, DeliveryFilter(states=("applied",)))
    assert found == first.delivery


def test_attempts_are_counted_and_the_first_time_stays(engine: Engine):
    for hour in range(3):
        production_doors.quarantine(
            engine, delivery(receivetime=NOON + timedelta(hours=hour)), f"{hour}"
        )
    row = stored(engine)
    assert (row["attempts"], row["receivetime"], row["error"]) == (3, NOON, "2")


def test_one_of_two_writers_who_save_at_once_does_not_take_applied_back(writers: list[Engine]):
    first = production_doors.told(SUCCESS)[0]
    for _ in range(5):
        emptied(writers[0].url.render_as_string(hide_password=False))
        together(
            [
                lambda: production_doors.store(writers[0], first.delivery),
                lambda: production_doors.quarantine(writers[1], first.delivery, "late"),
                lambda: production_doors.ignore(writers[2], first.delivery, "late"),
            ]
        )
        row = stored(writers[0], first.delivery.guid)
        assert (row["state"], row["error"]) == ("applied", None)
        with reading(writers[0]).connect() as connection:
            ((_, found),) = read_page(connection, DeliveryFilter())
        assert found == first.delivery


def test_guids_compare_byte_for_byte_and_per_server(engine: Engine):
    for one in (delivery("a"), delivery("A"), delivery("a "), delivery("a", provider="github:x")):
        production_doors.quarantine(engine, one, "why")
    assert sorted(pages(engine, DeliveryFilter())[0]) == ["A", "a", "a", "a "]


def test_pages_hold_every_delivery_once_in_order(engine: Engine):
    guids = [f"{number:04}" for number in range(2 * PAGE + 1)]
    with engine.begin() as connection:
        for guid in guids:
            table.save_all(connection, [(delivery(guid), "quarantined", "why")])
    found = pages(engine, DeliveryFilter())
    assert [len(some) for some in found] == [PAGE, PAGE, 1]
    assert [guid for some in found for guid in some] == guids


CHOICES = {
    "all": (DeliveryFilter(), ["1", "2", "3"]),
    "one state": (DeliveryFilter(states=("quarantined",)), ["1", "2", "3"]),
    "no such state": (DeliveryFilter(states=("applied",)), []),
    "since, included": (DeliveryFilter(since=NOON + timedelta(hours=1)), ["2", "3"]),
    "until, excluded": (DeliveryFilter(until=NOON + timedelta(hours=1)), ["1"]),
    "between": (DeliveryFilter(since=NOON, until=NOON + timedelta(hours=2)), ["1", "2"]),
    "one guid": (DeliveryFilter(guid="2"), ["2"]),
    "one event": (DeliveryFilter(event="create"), ["3"]),
}


@pytest.mark.parametrize(("wanted", "guids"), CHOICES.values(), ids=CHOICES)
def test_deliveries_are_chosen(engine: Engine, wanted: DeliveryFilter, guids: list[str]):
    for hour, event in enumerate(("push", "push", "create")):
        time = NOON + timedelta(hours=hour)
        production_doors.quarantine(
            engine, delivery(str(hour + 1), event=event, receivetime=time), "why"
        )
    assert [guid for some in pages(engine, wanted) for guid in some] == guids


def test_quarantined_delivery_that_comes_again_as_ignored_keeps_its_body(engine: Engine):
    production_doors.quarantine(engine, delivery(), "push.ref: is missing")
    production_doors.ignore(engine, delivery(), "not watched")
    row = stored(engine)
    assert (row["state"], row["error"]) == ("quarantined", "push.ref: is missing")
    assert row["body"] is not None
