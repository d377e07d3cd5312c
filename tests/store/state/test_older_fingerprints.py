"""Messages that an older revision masked are masked again, whatever runs or ends beside."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, insert, select

from engines import reading
from rows import fingerprint
from rows.fingerprint import fingerprints_of
from schema.tables.failures import failures
from schema.tables.rollups import dirtyruns
from store.reads.failures import has_been_seen
from store.state.older_fingerprints import (
    former_fingerprints,
    list_older,
    renew,
    renew_fingerprints,
    renewed,
)
from tests.store.state.test_failures import NOON

SAID = "--- FAIL: TestA/b (0.01s)\n    a_test.go:12: no lease on https://h.example/x"


def store(engine: Engine, marks: Iterable[str | None], **more: object) -> None:
    """Store a message a run, with these fingerprints and nothing of the second."""
    usual = {"provider": "github", "number": 1, "repoid": 1, "source": "log", "time": NOON}
    said = {"message": SAID, "masked": "as it was", **more}
    rows = [
        {**usual, **said, "jobgitid": gitid, "rungitid": gitid, "fingerprint": mark}
        for gitid, mark in enumerate(marks, start=1)
    ]
    with engine.begin() as connection:
        connection.execute(insert(failures), rows)


def stored(engine: Engine) -> list[tuple]:
    """Return what makes each message comparable."""
    columns = (failures.c.masked, failures.c.fingerprint, failures.c.problem)
    with reading(engine).connect() as connection:
        query = select(*columns).order_by(failures.c.jobgitid)
        return [tuple(row) for row in connection.execute(query)]


def changed(engine: Engine) -> list[int]:
    """Return the runs whose roll-ups are to be made again."""
    with reading(engine).connect() as connection:
        return list(connection.scalars(select(dirtyruns.c.rungitid).order_by("rungitid")))


def test_messages_of_older_revisions_alone_are_masked_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fingerprint, "REVISION", 11)
    store(engine, ["1:a", "10:a", "11:a", "110:a", None, "12:a", "2:a"])
    assert renew_fingerprints(engine, 60)
    new = tuple(fingerprints_of(SAID))
    assert new[1].startswith("11:")
    assert new[1] != new[2]
    kept = [("as it was", mark, None) for mark in ("11:a", "110:a", None, "12:a")]
    assert stored(engine) == [new, new, *kept, new]
    assert changed(engine) == [1, 2, 7]


def test_masking_again_goes_on_where_it_was(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(list_older, "__defaults__", (2,))
    store(engine, ["1:a"] * 5)
    left = []
    while not renew_fingerprints(engine, 0):  # as if it were killed after each batch
        left.append(len(list_older(engine, 10)))
    assert left == [3, 1, 0]
    assert stored(engine) == [tuple(fingerprints_of(SAID))] * 5


def test_newer_revision_of_another_process_stays(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    store(engine, ["1:a"])
    read = list_older(engine)
    monkeypatch.setattr(fingerprint, "REVISION", 4)
    newer = tuple(fingerprints_of(SAID))
    assert renew_fingerprints(engine, 60)
    monkeypatch.undo()
    renew(engine, read)  # an older release, which had read before
    assert list_older(engine) == []
    assert stored(engine) == [newer]


def test_error_is_called_new_only_where_all_before_can_be_compared(engine: Engine):
    late = NOON.replace(hour=13)
    with reading(engine).connect() as connection:
        assert not has_been_seen(connection, "3:b", late)
    store(engine, ["3:a"])
    with reading(engine).connect() as connection:
        assert not has_been_seen(connection, "3:b", late)
        assert has_been_seen(connection, "3:a", late)
        assert has_been_seen(connection, "2:b", late)
        assert has_been_seen(connection, "4:b", late)


def test_former_fingerprint_leads_to_what_it_became_over_two_revisions(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    store(engine, ["1:a"])
    monkeypatch.setattr(fingerprint, "REVISION", 2)
    second = fingerprints_of(SAID).fingerprint
    renew_fingerprints(engine, 60)
    monkeypatch.setattr(fingerprint, "REVISION", 3)
    third = fingerprints_of(SAID).fingerprint
    renew_fingerprints(engine, 60)
    assert (second[:2], third[:2]) == ("2:", "3:")
    with reading(engine).connect() as connection:
        assert renewed(connection, "1:a") == third
        assert renewed(connection, second) == third
        assert renewed(connection, third) is None
        assert renewed(connection, "1:b") is None
        assert former_fingerprints(connection, third) == [second, "1:a"]
        assert former_fingerprints(connection, "1:a") == []
