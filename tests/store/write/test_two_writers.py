"""Two transactions on one run, or on a branch and its commit, step by step: nothing is lost."""

import random
import threading
import time
from functools import partial

import pytest
from sqlalchemy import Engine, select

from engines import reading
from schema.tables.ci import branches
from store import apply
from store.write.version_cache import VersionCache
from tests.counts import count
from tests.equality import check_equal, contents, written
from tests.store import production_doors
from tests.store.turns import in_turns
from tests.store.writers import PATIENCE, emptied, together
from tests.stories import git, plain, renaming
from tests.stories.story import SHA, Story

ORDERS = count(2, 200)
STATEMENTS = 40  # more than two deliveries need together

Order = list[int]


def orders(number: int = ORDERS) -> list[Order]:
    """Return who comes next: one after the other, alternately, and so often at random."""
    chance = random.Random(11)
    some = [[0] * STATEMENTS, [1] * STATEMENTS, [0, 1] * (STATEMENTS // 2)]
    return some + [[chance.randrange(2) for _ in range(STATEMENTS)] for _ in range(number)]


def told_in_turns(writers: list[Engine], story: Story, at: tuple[int, int], order: Order) -> None:
    """Tell a story but for two deliveries, then these two at once, in the given order of steps."""
    emptied(writers[0].url.render_as_string(hide_password=False))
    those = production_doors.told(story)
    production_doors.deliver(
        writers[0], [one for place, one in enumerate(those) if place not in at]
    )
    first, second = (those[place] for place in at)
    in_turns(
        writers[:2],
        [
            lambda: production_doors.deliver(writers[0], [first]),
            lambda: production_doors.deliver(writers[1], [second]),
        ],
        order,
    )
    check_equal(contents(writers[0]), written(story.rows))


PAIRS = {
    "two jobs of a run": (plain.FAILURE, (6, 7)),
    "a job and the end of its run": (plain.FAILURE, (7, 8)),
    "both starts": (plain.FAILURE, (3, 5)),
    "a rename and a late job": (renaming.RENAMING, (3, 4)),
    "two names": (renaming.RENAMING, (3, 6)),
}


@pytest.mark.parametrize(("story", "at"), PAIRS.values(), ids=PAIRS)
def test_two_writers_step_by_step_leave_what_one_leaves(
    writers: list[Engine], story: Story, at: tuple[int, int]
):
    for order in orders():
        told_in_turns(writers, story, at, order)


@pytest.mark.parametrize("first", ["branch", "commit"])
def test_branch_and_its_commit_at_once_know_the_author(writers: list[Engine], first: str):
    (event, payload) = git.REMADE.deliveries[0]
    one = production_doors.sent(event, payload, "1")
    kinds = {"branch": ("repos", "branches"), "commit": ("repos", "commits")}
    if first == "commit":
        kinds = dict(reversed(kinds.items()))
    halves = [
        one.rows._replace(rows=tuple(row for row in one.rows.rows if row.table in tables))
        for tables in kinds.values()
    ]
    works = [
        partial(production_doors.write, engine, [half])
        for engine, half in zip(writers[:2], halves, strict=True)
    ]
    for order in orders():
        emptied(writers[0].url.render_as_string(hide_password=False))
        in_turns(writers[:2], works, order)
        with reading(writers[0]).connect() as connection:
            found = connection.execute(select(branches.c.headhash, branches.c.author)).all()
        assert found == [(SHA, "Mona Lisa")]


def test_second_writer_of_a_run_waits_for_the_first(writers: list[Engine]):
    first, second = (one.rows for one in production_doors.told(plain.FAILURE)[6:8])
    has_written, done = threading.Event(), list[str]()

    def early() -> None:
        with writers[0].begin() as connection:
            apply.apply(connection, [first], VersionCache(), told=True)
            has_written.set()
            time.sleep(0.4)  # longer than the second needs, shorter than it waits for a lock
            done.append("first")

    def late() -> None:
        assert has_written.wait(PATIENCE)
        production_doors.write(writers[1], [second])
        done.append("second")

    together([early, late])
    assert done == ["first", "second"]
