"""Words are found in the messages of some days, wherever their rows stand in the table."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, event, insert

from schema.tables.failures import failures
from store.errors import word_search
from tests.store.errors.test_kept_ranking import BORDERS, WANTED

SOME = WANTED._replace(since=BORDERS[5], until=BORDERS[9])


def fill(engine: Engine, seed: int) -> set[str]:
    """Store failures of all days in any order, with gaps; return those of SOME that say `full`."""
    chance, rows = random.Random(seed), []
    for number in range(300):
        # Some rows follow each other in time as in the table, as those of deliveries do.
        day = chance.randrange(28) if number % 50 < 10 else number // 50 * 5 + 1
        rows.append({
            "provider": "github", "jobgitid": number, "number": 1, "repoid": 1, "rungitid": 1,
            "source": "log", "fingerprint": f"2:{number:x}", "kind": "cause",
            "message": chance.choice(("Disk FULL", "disk full: 50%", "disk empty")),
            "time": BORDERS[day] + timedelta(hours=1),
        })  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(failures), rows)
        connection.execute(delete(failures).where(failures.c.jobgitid.between(100, 120)))
    return {
        str(row["fingerprint"])
        for row in rows
        if "full" in str(row["message"]).lower()
        and BORDERS[5] <= row["time"] < BORDERS[9]
        and not 100 <= int(str(row["jobgitid"])) <= 120
    }


@pytest.mark.parametrize(("bits", "most"), [(0, 10), (0, 500), (2, 500), (4, 0), (10, 200)])
def test_words_are_found_in_all_stretches_of_the_table(
    engine: Engine, bits: int, most: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(word_search, "BITS", bits)
    monkeypatch.setattr(word_search, "MOST", most)
    expected = fill(engine, seed=3)
    assert len(expected) > 25
    with engine.connect() as connection:
        assert word_search.list_said(connection, SOME, "FULL") == expected
        assert word_search.list_said(connection, SOME, "nobody says so") == set()
        none = SOME._replace(since=BORDERS[-1], until=BORDERS[-1] + timedelta(days=9))
        assert word_search.list_said(connection, none, "full") == set()


@pytest.mark.parametrize("engine_name", ["mysql", "mariadb"], indirect=True)
def test_stretches_alone_are_read_of_the_table(engine: Engine):
    fill(engine, seed=4)
    asked = list[str]()

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        word_search.list_said(connection, SOME, "full")
    event.remove(engine, "before_cursor_execute", note)
    assert "LIKE" not in asked[0]
    assert "Id` >=" in asked[1] or "Id >=" in asked[1]


def test_blocks_that_follow_each_other_are_one_stretch():
    assert word_search.join_blocks([0, 1, 2, 5, 7, 8]) == [(0, 3), (5, 6), (7, 9)]
    assert word_search.join_blocks([]) == []
