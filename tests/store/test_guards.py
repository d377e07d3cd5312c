"""Tests of the tests: with a guard taken away on purpose, the tests of this folder notice.

Each of these removes one thing that the store's promises rest on, and then runs a check that
passes with it.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

from engines import connect
from engines.sqlite_turns import begin
from rows import version
from schema import migrate
from schema.tables.ci import branches, workflowruns
from store import apply
from store.write import merge_rules, repositories, upsert, version_cache
from tests.equality import check_equal, contents, written
from tests.store import production_doors
from tests.store.write import test_two_writers, test_widths
from tests.store.writers import check_story, emptied
from tests.stories import git, plain, renaming
from tests.stories.story import Story

on_servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Give the means to take a guard away; statements made without it are not kept."""
    forget_statements()
    yield monkeypatch
    forget_statements()


def forget_statements() -> None:
    upsert.statement.cache_clear()
    merge_rules.rules_of.cache_clear()


def check_orders(engine: Engine, story: Story) -> None:
    """Fail unless some orders of a story all leave its rows."""
    told = production_doors.told(story)
    for order in itertools.islice(itertools.permutations(told), 0, 5000, 999):
        emptied(engine.url.render_as_string(hide_password=False))
        production_doors.deliver(engine, order)
        check_story(engine, story)


def check_two_writers(writers: list[Engine], number: int = test_two_writers.ORDERS) -> None:
    """Fail unless two jobs of one run that end at once both count, in orders by chance, too."""
    # Who knows no repository yet has more to say, and so may be behind.
    ahead = [[1] * steps + [0, 1] * test_two_writers.STATEMENTS for steps in range(1, 8)]
    for order in (*test_two_writers.orders(number), *ahead):
        test_two_writers.told_in_turns(writers, plain.FAILURE, (6, 7), order)
        test_two_writers.told_in_turns(writers, plain.FAILURE, (7, 6), order)


def test_checks_pass_with_every_guard_in_place(writers: list[Engine], guard: pytest.MonkeyPatch):
    check_orders(writers[0], plain.SUCCESS)
    check_orders(writers[0], plain.ONE_SECOND)
    check_two_writers(writers)


@on_servers
def test_version_assigned_first_is_noticed(engine: Engine, guard: pytest.MonkeyPatch):
    insert_or = upsert.insert_or

    def version_first(dialect: str, table: Any, assign: Callable[[Any], Any]) -> Any:
        return insert_or(
            dialect, table, lambda new: sorted(assign(new), key=lambda one: one[0] != "version")
        )

    guard.setattr(upsert, "insert_or", version_first)
    with pytest.raises(AssertionError, match="not wanted"):
        check_orders(engine, plain.SUCCESS)


def test_version_without_rank_is_noticed(engine: Engine, guard: pytest.MonkeyPatch):
    guard.setattr(version, "STATUS_RANK", {})
    with pytest.raises(AssertionError, match="not wanted"):
        check_orders(engine, plain.ONE_SECOND)


def test_version_that_is_not_compared_is_noticed(engine: Engine, guard: pytest.MonkeyPatch):
    guard.setitem(merge_rules.RULES, "state", merge_rules.GIVEN_WINS)
    with pytest.raises(AssertionError, match="not wanted"):
        check_orders(engine, plain.SUCCESS)


def test_moves_that_are_not_followed_are_noticed(engine: Engine, guard: pytest.MonkeyPatch):
    guard.setattr(apply.branch_heads, "derive_heads", lambda connection, moved: [])
    with pytest.raises(AssertionError, match="not wanted"):
        check_orders(engine, git.TWO_PUSHES)


def test_moves_that_are_taken_for_known_are_noticed(engine: Engine, guard: pytest.MonkeyPatch):
    cached = (*version_cache.CACHED, "branches", "branchmoves")
    guard.setattr(version_cache, "CACHED", cached)
    guard.setattr(repositories, "CACHED", cached)
    guard.setattr(version_cache, "rank", lambda values: values.get("version", b""))
    with pytest.raises(AssertionError, match="not wanted"):
        check_orders(engine, git.TWO_PUSHES)


@on_servers
def test_runs_that_are_not_locked_are_noticed(writers: list[Engine], guard: pytest.MonkeyPatch):
    def without_stubs(
        connection: Any, name: str, rows: list[dict[str, Any]], numbers: upsert.Numbers
    ) -> None:
        kept = [values for values in rows if values.get("version") != version.STUB]
        upsert.upsert(connection, name, kept, numbers)

    names = ("Id", *apply.derived_columns.TOLD, *apply.derived_columns.MIRRORED)
    careless = apply.derived_columns.query_of(workflowruns, "gitid", names)
    guard.setattr(apply, "upsert", without_stubs)
    guard.setattr(apply.derived_columns, "LOCK_RUNS", careless)
    guard.setattr(apply.changed_runs, "note_changes", lambda *_: None)  # whose rows lock them, too
    with pytest.raises(AssertionError, match="not wanted"):
        check_two_writers(writers, 200)  # which order shows it differs between engines


@on_servers
def test_snapshot_older_than_the_lock_is_noticed(writers: list[Engine]):
    """REPEATABLE READ reads jobs as they were before the run was locked."""
    repeatable = [
        connect(engine.url).execution_options(isolation_level="REPEATABLE READ")
        for engine in writers[:2]
    ]
    with pytest.raises((AssertionError, OperationalError)):
        check_two_writers(repeatable)
    for engine in repeatable:
        engine.dispose()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_transaction_that_locks_late_is_noticed(writers: list[Engine]):
    """Without BEGIN IMMEDIATE a transaction that read before another committed cannot write."""
    for engine in writers[:2]:
        event.remove(engine, "begin", begin)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with pytest.raises(OperationalError, match="database is locked"):
        check_two_writers(writers)


CARELESS = {
    "utf8mb4_nopad_bin": "utf8mb4_general_ci",
    "utf8mb4_0900_bin": "utf8mb4_0900_ai_ci",
    "COLLATE BINARY": "COLLATE NOCASE",
    'VARCHAR(512) COLLATE "C"': "CITEXT",
}


def test_branch_names_compared_without_case_are_noticed(database_url: str):
    migrate.upgrade(database_url)
    engine = connect(database_url)
    with engine.begin() as connection:
        ddl = str(CreateTable(branches).compile(connection))
        assert any(exact in ddl for exact in CARELESS)
        for exact, careless in CARELESS.items():
            ddl = ddl.replace(exact, careless)
        connection.exec_driver_sql("DROP TABLE branches")
        connection.exec_driver_sql(ddl.replace("%", "%%"))
    apply.CACHES.clear()
    with pytest.raises(AssertionError):
        test_widths.check_branches_stay_apart(engine)
    engine.dispose()


def test_commit_that_does_not_look_for_its_branch_is_noticed(
    engine: Engine, guard: pytest.MonkeyPatch
):
    update = apply.branch_heads.assign_authors
    guard.setattr(
        apply.branch_heads,
        "assign_authors",
        lambda connection, moved, touched, _: update(connection, moved, touched, []),
    )
    first, later = (git.REMADE.deliveries[0], git.REMADE.deliveries[-1])
    one, other = (
        production_doors.sent(*sent, str(n)).rows for n, sent in enumerate((first, later))
    )
    heads = [row for row in other.rows if row.table != "commits"]
    brought = [row for row in other.rows if row.table == "commits"]
    production_doors.write(engine, [one, other._replace(rows=tuple(heads))])
    production_doors.write(engine, [other._replace(rows=tuple(brought))])
    rows = {**git.REMADE.rows}
    with pytest.raises(AssertionError, match="branches: missing"):
        check_equal(contents(engine), {"branches": written(rows)["branches"]})


def test_rows_that_keep_their_old_name_are_noticed(engine: Engine, guard: pytest.MonkeyPatch):
    guard.setattr("store.write.renames.schedule", lambda connection, repoid: None)
    production_doors.deliver(engine, production_doors.told(renaming.RENAMING))
    with pytest.raises(AssertionError, match="repo=octo-org/app"):
        check_story(engine, renaming.RENAMING)
