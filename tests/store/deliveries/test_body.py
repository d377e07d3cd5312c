"""Bodies that are too long for one packet are stored in parts, and read as one."""

import os
from datetime import datetime

import pytest
from isal import isal_zlib
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from engines import connect, reading
from schema.tables.deliveries import deliveries as table
from schema.tables.deliveries import deliveryparts
from store.deliveries import body as bodies
from store.deliveries import table as deliveries
from store.deliveries.table import QUARANTINED, Delivery, DeliveryFilter
from store.doors import replay
from tests.store import production_doors

MIB = 1024 * 1024
MANY_BYTES = b'{"noise": "' + os.urandom(5 * MIB // 2).hex().encode() + b'"}'


def delivery(body: bytes, guid: str = "g") -> Delivery:
    return Delivery("github", guid, 7, "push", None, None, datetime(2026, 3, 2), body)


def read(engine: Engine) -> list[bytes]:
    with reading(engine).connect() as connection:
        return [one.body for _, one in deliveries.read_page(connection, DeliveryFilter())]


def stored_parts(engine: Engine) -> int:
    with reading(engine).connect() as connection:
        query = select(func.count()).select_from(deliveryparts)
        return int(connection.execute(query).scalar_one())


def test_long_body_is_stored_in_parts_and_read_as_it_was(engine: Engine):
    production_doors.quarantine(engine, delivery(MANY_BYTES), "why")
    size = len(isal_zlib.compress(MANY_BYTES, 1))
    assert size > 2 * MIB
    assert stored_parts(engine) == size // 400_000  # and the first part is with the delivery
    assert read(engine) == [MANY_BYTES]


def test_rows_of_a_transaction_that_is_done_again_have_all_of_a_long_body(engine: Engine):
    """A batch that lost against another one is written again, with the rows that were made."""
    row = deliveries.row_of(delivery(MANY_BYTES), QUARANTINED, "why", None)
    with engine.connect() as connection:
        with connection.begin() as transaction:
            deliveries.save_rows(connection, [row], are_new=True)
            transaction.rollback()
        with connection.begin():
            deliveries.save_rows(connection, [row], are_new=True)
    assert read(engine) == [MANY_BYTES]


def test_short_body_has_no_parts(engine: Engine):
    production_doors.quarantine(engine, delivery(b"{}"), "why")
    assert (stored_parts(engine), read(engine)) == (0, [b"{}"])


def test_body_that_waited_compressed_is_stored_as_it_is(engine: Engine):
    packed = isal_zlib.compress(b"{}", 3)  # not as it would be compressed here
    with engine.begin() as connection:
        saved = [(delivery(b"{}"), deliveries.APPLIED, None)]
        deliveries.save_all(connection, saved, {("github", "g"): packed})
        assert bytes(connection.scalars(select(table.c.body)).one()) == packed
    assert read(engine) == [b"{}"]


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_body_of_about_one_part_is_read_as_it_was(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, more: int
):
    body = os.urandom(1000)
    monkeypatch.setattr(bodies, "PART_BYTES", len(isal_zlib.compress(body, 1)) + more)
    production_doors.quarantine(engine, delivery(body), "why")
    assert read(engine) == [body]


def test_bodies_of_any_length_under_one_guid_are_all_kept(engine: Engine):
    bodies = [MANY_BYTES, os.urandom(MIB), b"{}"]
    for body in (*bodies, MANY_BYTES):
        production_doors.quarantine(engine, delivery(body), "why")
    assert read(engine) == bodies


def test_body_of_an_applied_delivery_keeps_its_parts(engine: Engine):
    other = MANY_BYTES.replace(b"noise", b"other")
    with engine.begin() as connection:
        deliveries.save_all(connection, [(delivery(MANY_BYTES), deliveries.APPLIED, None)])
    with pytest.raises(IntegrityError), engine.begin() as connection:
        deliveries.save_all(connection, [(delivery(other), deliveries.QUARANTINED, "late")])
    assert read(engine) == [MANY_BYTES]


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_body_of_25_mib_is_stored_where_packets_are_1_mib(private_server):
    server = private_server("--max-allowed-packet=1M")
    root = connect(server.url)
    with root.begin() as connection:
        connection.execute(text("CREATE DATABASE runs CHARACTER SET utf8mb4"))
    root.dispose()
    engine = connect(f"{server.url}/runs")
    table.metadata.create_all(engine)
    body = os.urandom(25 * MIB)  # worse than any JSON: it cannot be compressed
    production_doors.quarantine(engine, delivery(body), "why")
    assert read(engine) == [body]
    engine.dispose()


def test_quarantined_body_that_is_not_for_us_takes_its_parts_along(engine: Engine):
    production_doors.quarantine(engine, delivery(MANY_BYTES), "why")
    replay.ignore(engine, number_of(engine), "octo/cat is not watched")
    assert (stored_parts(engine), read(engine)) == (0, [])


def test_body_applied_meanwhile_keeps_its_parts_when_a_replay_ignores_it(engine: Engine):
    with engine.begin() as connection:
        deliveries.save_all(connection, [(delivery(MANY_BYTES), deliveries.APPLIED, None)])
    replay.ignore(engine, number_of(engine), "octo/cat is not watched")
    assert read(engine) == [MANY_BYTES]


def number_of(engine: Engine) -> int:
    """Return the Id of the one delivery."""
    with reading(engine).connect() as connection:
        return int(connection.execute(select(table.c.Id)).scalar_one())
