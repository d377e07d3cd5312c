"""Pushes of GitLab say no time: what they say orders them, whatever order they came in."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import Engine, select

from engines import reading
from rows import Mapped
from rows.sources import source_of
from schema.tables.branch_moves import branchmoves
from schema.tables.ci import branches
from store import apply
from tests.rows.gitlab.payloads import Json, project

GITLAB = source_of("gitlab")
NOW = datetime(2026, 3, 2, 12)
NONE = "0" * 40


def push(before: str, after: str) -> Json:
    """Return a Push Hook from a commit to another, each given by a letter; `-` is none."""
    begin, end = (NONE if letter == "-" else letter * 40 for letter in (before, after))
    moved = {"ref": "refs/heads/work", "before": begin, "after": end, "checkout_sha": end}
    return {"object_kind": "push", "project": project(), "commits": [], **moved}


def write(engine: Engine, mapped: Mapped) -> None:
    apply.write(engine, lambda connection, cache: (
        apply.apply(connection, [mapped], cache, told=True), None
    ))  # fmt: skip


def tell(engine: Engine, hook: Json, received: datetime) -> None:
    write(engine, GITLAB.rows_for("push", hook, None, received))


def tell_in_turn(engine: Engine, *steps: str) -> None:
    for number, step in enumerate(steps):
        tell(engine, push(step[0], step[1]), NOW + timedelta(seconds=number))


def stored(engine: Engine) -> tuple[str | None, datetime | None]:
    """Return the letter of the commit that the branch points at, and since when it is gone."""
    with reading(engine).connect() as connection:
        head, gone = connection.execute(select(branches.c.headhash, branches.c.deletetime)).one()
    return head and head[0], gone


@pytest.mark.parametrize("order", [*permutations(["-a", "ab", "bc"])])
def test_branch_points_where_its_pushes_end_in_any_order(engine: Engine, order: tuple[str, ...]):
    tell_in_turn(engine, *order)
    assert stored(engine) == ("c", None)


@pytest.mark.parametrize("steps", [("e-", "-d"), ("-d", "e-")])
def test_branch_that_was_deleted_and_made_again_is_there(engine: Engine, steps: tuple[str, ...]):
    tell_in_turn(engine, *steps)
    assert stored(engine) == ("d", None)


def test_deletion_counts_since_it_was_heard_of_though_an_older_push_comes_after_it(engine: Engine):
    tell_in_turn(engine, "b-", "ab")
    assert stored(engine) == (None, NOW)


def test_reading_of_the_api_decides_and_the_next_push_after_it(engine: Engine):
    tell_in_turn(engine, "ab", "bc")
    listed = {"project": project(), "branch": {"name": "work", "commit": {"id": "f" * 40}}}
    mapped = GITLAB.rows_read("branch", listed, NOW + timedelta(seconds=9))
    write(engine, mapped)
    assert stored(engine) == ("f", None)
    tell(engine, push("f", "e"), NOW + timedelta(seconds=10))
    assert stored(engine) == ("e", None)


def test_moves_of_long_ago_are_forgotten(engine: Engine):
    tell(engine, push("a", "b"), NOW)
    tell(engine, push("b", "c"), NOW + timedelta(hours=1))
    with reading(engine).connect() as connection:
        assert [row.afterhash[0] for row in connection.execute(select(branchmoves))] == ["c"]
