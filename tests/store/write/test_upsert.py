"""The statements that merge rows: what is assigned, and in which order."""

import re
from datetime import datetime

import pytest
from sqlalchemy import Dialect, Engine, event, select
from sqlalchemy.dialects import mysql, sqlite

from engines import reading
from engines.mysql import MYSQL
from engines.sqlite import SQLITE
from rows import Unmappable
from schema.tables.ci import keys, metadata, of_kind, repoaliases, repos
from store.deliveries import table as deliveries
from store.write.merge_rules import RULES
from store.write.upsert import insert_or, statement, upsert
from tests.store import production_doors
from tests.stories.plain import SUCCESS

VERSIONED = [
    table
    for table in metadata.sorted_tables
    if "version" in table.c and "version" not in keys(table)
]
ids = [table.name for table in VERSIONED]


def dialects() -> list[Dialect]:
    """Return MySQL from 8.0.20 (with a row alias) and MariaDB (with VALUES())."""
    new, maria = mysql.dialect(), mysql.dialect()
    new.server_version_info, new._requires_alias_for_on_duplicate_key = (9, 7, 0), True
    maria.is_mariadb = True
    return [new, maria]


def assigned(sql: str) -> list[str]:
    """Return the columns that an upsert of MySQL assigns, in order."""
    return re.findall(r"(?:UPDATE|,) *`?(\w+)`? = ", sql.split("ON DUPLICATE KEY", 1)[1])


@pytest.mark.parametrize("table", VERSIONED, ids=ids)
@pytest.mark.parametrize("dialect", dialects(), ids=["mysql", "mariadb"])
def test_version_is_assigned_last(table, dialect: Dialect):
    columns = tuple(sorted(one.name for one in table.c if one.name != "Id"))
    sql = str(statement(MYSQL, table.name, columns).compile(dialect=dialect))
    found = assigned(sql)
    assert found[-1] == "version"
    own = set(of_kind(table, "own")) - {"version"}
    assert sorted(found) == sorted(set(columns) - set(keys(table)) - own)


@pytest.mark.parametrize("dialect", dialects(), ids=["mysql", "mariadb"])
def test_state_of_a_delivery_is_assigned_last(dialect: Dialect):
    sql = insert_or(MYSQL, metadata.tables["deliveries"], deliveries.merged)
    assert assigned(str(sql.compile(dialect=dialect)))[-1] == "state"


@pytest.mark.parametrize("table", VERSIONED, ids=ids)
def test_upsert_of_sqlite_names_the_key_it_conflicts_with(table):
    sql = statement(SQLITE, table.name, (*keys(table), "version"))
    text = str(sql.compile(dialect=sqlite.dialect()))
    assert f"ON CONFLICT ({', '.join(keys(table))}) DO UPDATE SET" in text


def test_every_statement_of_a_story_is_made_once(engine: Engine):
    statement.cache_clear()
    production_doors.deliver(engine, production_doors.told(SUCCESS))
    made = statement.cache_info().misses
    again = [
        one._replace(delivery=one.delivery._replace(guid=f"again {place}"))
        for place, one in enumerate(production_doors.told(SUCCESS))
    ]
    production_doors.deliver(engine, again)
    assert statement.cache_info().misses == made


def merged(engine: Engine, *records: dict[str, object]) -> dict[str, object]:
    """Return the repository that these records leave, each written by itself."""
    key = {"provider": "github", "gitid": 1}
    for record in records:
        with engine.begin() as connection:
            upsert(connection, "repos", [{**key, **record}])
    with reading(engine).connect() as connection:
        return dict(connection.execute(select(repos)).mappings().one())


def test_state_is_that_of_the_greater_version(engine: Engine):
    older, newer = {"name": "a", "version": b"\x01"}, {"name": "b", "version": b"\x01\x00"}
    assert merged(engine, newer, older)["name"] == "b"
    assert merged(engine, older)["version"] == b"\x01\x00"


def test_state_that_is_null_in_the_newer_record_becomes_null(engine: Engine):
    older, newer = {"url": "x", "version": b"\x01"}, {"url": None, "version": b"\x02"}
    assert merged(engine, older, newer)["url"] is None


def test_versions_compare_as_unsigned_bytes(engine: Engine):
    low, high = {"name": "low", "version": b"\x7f"}, {"name": "high", "version": b"\x80"}
    assert merged(engine, low, high)["name"] == "high"
    assert merged(engine, low)["name"] == "high"
    assert merged(engine, {"name": "a", "version": b"\x80\x61"})["name"] == "a"
    # `A` and `a` are one letter to a text column, not to this one.
    assert merged(engine, {"name": "A", "version": b"\x80\x41"})["name"] == "a"


def test_record_of_the_same_version_changes_nothing(engine: Engine):
    first, second = {"name": "a", "version": b"\x01"}, {"name": "b", "version": b"\x01"}
    assert merged(engine, first, second)["name"] == "a"


def test_stub_of_a_stored_row_changes_nothing(engine: Engine):
    stored = merged(engine, {"name": "a", "version": b"\x01"})
    assert merged(engine, {"version": b""}) == stored


def test_row_that_is_told_often_is_sent_once(engine: Engine):
    told, sent = [b"\x01", b"\x03", b"\x02"], list[object]()
    rows = [
        {"provider": "github", "gitid": number, "name": str(version), "version": version}
        for version in told
        for number in (2, 1)
    ]
    keep = "before_cursor_execute"
    event.listen(engine, keep, lambda *given: sent.append(given[3]))
    with engine.begin() as connection:
        upsert(connection, "repos", rows)
    with reading(engine).connect() as connection:
        stored = connection.execute(select(repos.c.gitid, repos.c.name).order_by(repos.c.gitid))
        assert stored.all() == [(1, "b'\\x03'"), (2, "b'\\x03'")]
    assert [len(parameters) for parameters in sent if isinstance(parameters, list)] == [2]


def test_row_of_two_runs_is_refused_at_once_too(engine: Engine):
    key = {"provider": "github", "gitid": 1, "attempt": 1, "inherited": False, "gated": False}
    rows = [{**key, "rungitid": run, "version": bytes([run])} for run in (7, 8)]
    with engine.begin() as connection, pytest.raises(Unmappable, match="another repository or run"):
        upsert(connection, "jobs", rows)


def fixed(engine: Engine, *records: dict[str, object]) -> object:
    """Return the author that records of one commit leave."""
    table = metadata.tables["commits"]
    for record in records:
        with engine.begin() as connection:
            upsert(connection, "commits", [{"repoid": 1, "hash": "a" * 40, **record}])
    with reading(engine).connect() as connection:
        return connection.scalars(select(table.c.author)).one()


def test_fixed_value_is_never_replaced_by_nothing(engine: Engine):
    known, silent = {"author": "Mona", "version": b"\x01"}, {"author": None, "version": b"\x02"}
    assert fixed(engine, known, silent) == "Mona"


def test_fixed_value_of_an_older_record_fills_a_gap(engine: Engine):
    known, silent = {"author": "Mona", "version": b"\x01"}, {"author": None, "version": b"\x02"}
    assert fixed(engine, silent, known) == "Mona"


def test_fixed_value_that_differs_is_that_of_the_greater_version(engine: Engine):
    one, other = {"author": "Mona", "version": b"\x01"}, {"author": "Lisa", "version": b"\x02"}
    assert fixed(engine, other, one) == "Lisa"


def test_alias_keeps_its_first_and_last_time(engine: Engine):
    early, noon, late = (datetime(2026, 3, 2, hour) for hour in (6, 12, 18))
    for span in ((noon, noon), (None, None), (late, late), (early, early)):
        row = {"repoid": 1, "name": "octo-org/app", "firstseen": span[0], "lastseen": span[1]}
        with engine.begin() as connection:
            upsert(connection, "repoaliases", [row])
    with reading(engine).connect() as connection:
        query = select(repoaliases.c.firstseen, repoaliases.c.lastseen)
        assert connection.execute(query).all() == [(early, late)]


def test_every_kind_of_column_that_records_bring_has_a_merge():
    kinds = {column.info["kind"] for table in VERSIONED for column in table.columns}
    assert kinds - {"key", "own"} <= RULES.keys()


def test_text_that_is_too_long_names_its_column(engine: Engine):
    with pytest.raises(Unmappable, match=r"repos\.name: is longer than 512 characters"):
        merged(engine, {"name": "x" * 513, "version": b"\x01"})
