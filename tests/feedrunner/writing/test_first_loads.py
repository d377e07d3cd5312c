"""A load into a registry without packages looks for none of them, and sees who else writes."""

from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, event, insert, select
from sqlalchemy.exc import IntegrityError

from feedrunner import load as loading
from feedrunner import load_notes
from feedrunner.runner import load_lines
from schema.tables import packages as tables
from tests.feedrunner.feed import SHOP, STORED, record, rows, stored, write_feed

AGAIN = [
    record("packages", name="apple", readme="red"),
    record("versions", package="apple", version="1", size=6),
    record("versions", package="apple", version="3", size=7),
    record("dependencies", package="apple", version="3", position=1, name="plum"),
]


@pytest.mark.parametrize("batch", [1, 3, 5000])
def test_first_load_asks_for_no_package_by_a_list(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch, batch: int
):
    monkeypatch.setattr(loading, "BATCH", batch)
    asked = list[str]()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    lines = [line + b"\n" for line in SHOP]
    ended = load_lines(engine, write_feed(tmp_path, ""), lines, lambda: 0)
    assert (ended.error, ended.changed) == ("", len(SHOP) + 1)  # one row for an address's text
    assert stored(engine) == STORED
    listed = (" IN (", "unnest")
    wanted = ("FROM packages", "FROM versions", "FROM dependencies", "FROM provides")
    reading = [text for text in asked if text.startswith("SELECT")]
    assert not [
        text
        for text in reading
        if any(word in text for word in wanted) and any(word in text for word in listed)
        and "packagerepos" not in text and "url_types" not in text and "commits" not in text
    ]  # fmt: skip


@pytest.mark.parametrize("batch", [1, 2, 5000])
def test_what_a_first_load_brings_twice_is_one_row(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch, batch: int
):
    monkeypatch.setattr(loading, "BATCH", batch)
    lines = [line + b"\n" for line in (*SHOP, *AGAIN)]
    assert load_lines(engine, write_feed(tmp_path, ""), lines, lambda: 0).error == ""
    there = stored(engine)
    assert there["packages"] == STORED["packages"]
    assert ("apple", "1", 6) in there["versions"]
    assert ("apple", "3", 7) in there["versions"]
    assert len(there["versions"]) == 4


def test_first_load_beside_another_of_its_registry_keeps_the_rows_of_both(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "BATCH", 1)

    def pieces():
        yield SHOP[0] + b"\n" + SHOP[1] + b"\n"
        with engine.begin() as connection:  # another feed of the registry
            known = connection.execute(select(tables.packages)).first()
            assert known is not None
            plum = {"name": "plum", "import_id": "plum", "manager": "shop", "readme": "blue"}
            own = {**plum, "package_manager_id": known.package_manager_id}
            connection.execute(insert(tables.packages), [own])
        for line in SHOP[2:]:
            yield line + b"\n"

    ended = load_lines(engine, write_feed(tmp_path, ""), pieces(), lambda: 0)
    assert ended.error == ""
    assert stored(engine) == STORED
    c = tables.packages.c
    assert rows(engine, select(c.readme).where(c.name == "plum")) == [("blue",)]


def test_list_of_a_version_that_another_feed_writes_meanwhile_is_replaced_as_any(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "BATCH", 1)
    begin = next(at for at, line in enumerate(SHOP) if b'"dependencies"' in line)

    def pieces():
        for line in SHOP[:begin]:
            yield line + b"\n"
        yield record("versions", package="apple", version="3") + b"\n"  # commits what was before
        yield record("versions", package="apple", version="3") + b"\n"
        with engine.begin() as connection:  # another feed of the registry
            v = tables.versions.c
            version = connection.scalar(select(v.Id).where(v.version == "2"))
            own = {"version_id": version, "name": "fig", "alternative": 0, "kind": "runtime"}
            theirs = [{**own, "position": position} for position in (1, 9)]
            connection.execute(insert(tables.dependencies), theirs)
        for line in SHOP[begin:]:
            yield line + b"\n"

    assert load_lines(engine, write_feed(tmp_path, ""), pieces(), lambda: 0).error == ""
    assert stored(engine)["dependencies"] == STORED["dependencies"]


def test_word_that_another_feed_writes_first_is_looked_for_again(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    tries, real = list[str](), load_notes.manager_id

    def manager_id(connection: Connection, manager: str, now: datetime) -> int:
        tries.append(manager)
        if len(tries) < 3:
            raise IntegrityError("INSERT INTO sources", {}, Exception("UNIQUE"))
        return real(connection, manager, now)

    monkeypatch.setattr(load_notes, "manager_id", manager_id)
    lines = [line + b"\n" for line in SHOP]
    assert load_lines(engine, write_feed(tmp_path, ""), lines, lambda: 0).error == ""
    assert (tries, stored(engine)) == (["shop"] * 3, STORED)


@pytest.mark.parametrize("batch", [1, 2, 5000])
def test_points_of_one_time_are_one_row_however_they_come(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch, batch: int
):
    monkeypatch.setattr(loading, "BATCH", batch)
    hours = [0, 1, 1, 2, 4, 3, 4, 0]
    lines = [
        record("points", series="a", time=f"2026-11-23T{hour:02}:00:00Z", value=at) + b"\n"
        for at, hour in enumerate(hours)
    ]
    c = tables.points.c
    for _ in range(2):
        ended = load_lines(engine, write_feed(tmp_path, ""), lines, lambda: 0, full=True)
        assert ended.error == ""
        points = rows(engine, select(c.time, c.value).order_by(c.time))
        assert [(time.hour, value) for time, value in points] == [
            (0, 7), (1, 2), (2, 3), (3, 5), (4, 6)
        ]  # fmt: skip
