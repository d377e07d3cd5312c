"""What is told beforehand of a merge is what the database makes of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from schema.tables.ci import jobs, metadata, repoaliases, repos
from store.write.merge_rules import merged
from store.write.upsert import upsert
from tests.counts import count
from tests.store.writers import emptied

NOON = datetime(2026, 3, 2, 12)
texts = st.sampled_from([None, "", "a", "A", "é"])
times = st.one_of(st.none(), st.integers(0, 3).map(lambda n: NOON + timedelta(seconds=n)))
versions = st.sampled_from([b"", b"\x00", b"\x01", b"\x01\x00"])
JOB = {
    "status": texts,
    "conclusion": texts,
    "starttime": times,
    "queuetime": st.sampled_from([None, 0, 5]),
    "runtime": st.sampled_from([None, 0.0, 1.5]),
    "clockanomaly": st.booleans(),
}
FIXED = {
    "name": texts,
    "createtime": times,
    "rungitid": st.just(1),
    "attempt": st.just(1),
    "labels": texts,
    "url": texts,
    "repo": texts,
    "inherited": st.booleans(),
    "gated": st.booleans(),
}


@st.composite
def records(draw: st.DrawFn) -> dict[str, object]:
    """Return a record of a job: its whole state, or a stub; some of the fixed columns."""
    is_stub = draw(st.booleans())
    state = {} if is_stub else {name: draw(values) for name, values in JOB.items()}
    chosen = draw(st.sets(st.sampled_from(sorted(FIXED))))
    fixed = {name: draw(FIXED[name]) for name in sorted(chosen)}
    version = b"" if is_stub else draw(versions)
    return {"provider": "github", "gitid": 1, **state, **fixed, "version": version}


aliases = st.fixed_dictionaries(
    {"repoid": st.just(1), "name": st.just("o/r"), "firstseen": times, "lastseen": times}
)


def check(engine: Engine, name: str, history: list[dict[str, object]]) -> None:
    emptied(engine.url.render_as_string(hide_password=False))
    table = metadata.tables[name]
    with engine.begin() as connection:
        upsert(connection, name, history[:1])
        for record in history[1:]:
            (before,) = [dict(row._mapping) for row in connection.execute(select(table))]
            upsert(connection, name, [record])
            (after,) = [dict(row._mapping) for row in connection.execute(select(table))]
            assert merged(name, before, record) == after


shared = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=count(40, 500)
)


@shared
@given(st.lists(records(), min_size=2, max_size=4))
def test_merge_of_jobs_is_told_beforehand(engine: Engine, history):
    check(engine, jobs.name, history)


# What a statement makes of a record is the same on every engine: the tests around these two.
sqlite_only = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def check_at_once(engine: Engine, name: str, history: list[dict[str, object]]) -> None:
    """What records leave that come at once is what they leave one by one."""
    table, left = metadata.tables[name], list[dict[str, object]]()
    for parts in ([[record] for record in history], [history]):
        emptied(engine.url.render_as_string(hide_password=False))
        with engine.begin() as connection:
            for part in parts:
                upsert(connection, name, part)
            (row,) = connection.execute(select(table)).mappings()
            left.append({column: row[column] for column in row if column != "Id"})
    assert left[0] == left[1]


@sqlite_only
@shared
@given(st.data(), st.lists(versions, min_size=2, max_size=4))
def test_records_that_come_at_once_leave_what_they_leave_one_by_one(engine: Engine, data, told):
    """Of a fixed column all that say it say the same: see the contract in rows/__init__.py."""
    fixed = {name: data.draw(values) for name, values in FIXED.items()}
    states = {version: {name: data.draw(JOB[name]) for name in JOB} for version in told}
    history = [
        {"provider": "github", "gitid": 1, **states[version], **fixed, "version": version}
        | {name: None for name in ("name", "labels", "createtime") if data.draw(st.booleans())}
        for version in told
    ]
    check_at_once(engine, jobs.name, history)


@sqlite_only
@shared
@given(st.lists(aliases, min_size=2, max_size=4))
def test_names_that_come_at_once_leave_what_they_leave_one_by_one(engine: Engine, history):
    check_at_once(engine, repoaliases.name, history)


def test_name_without_a_page_does_not_move_a_row(engine: Engine):
    first, later = ({"provider": "github", "gitid": 1, "repo": name} for name in "ab")
    stubs = [{**one, "inherited": False, "gated": False, "version": b""} for one in (first, later)]
    check(engine, jobs.name, stubs)


@shared
@given(st.lists(aliases, min_size=2, max_size=4))
def test_merge_of_names_is_told_beforehand(engine: Engine, history):
    check(engine, repoaliases.name, history)


@shared
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "provider": st.just("github"),
                "gitid": st.just(7),
                "name": texts,
                "url": texts,
                "private": st.booleans(),
                "version": versions,
            }
        ),
        min_size=2,
        max_size=4,
    )
)
def test_merge_of_repositories_is_told_beforehand(engine: Engine, history):
    check(engine, repos.name, history)
