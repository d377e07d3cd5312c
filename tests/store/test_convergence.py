"""Order, duplication and the number of writers do not matter; what is stored stays as it is.

Counts of `make test-all`, per engine: 500 tellings of stories and 500 of generated worlds
(Hypothesis), each by up to four writers at once, by any door, and 100,000 generated histories by
two. The histories take up to an hour on an engine and two cores.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from engines import reading
from rows import Mapped, Row, version
from schema.tables.ci import metadata
from store import apply
from tests.counts import count
from tests.equality import COMPARED, check_equal, contents
from tests.fakegithub.strategies import LIVELY, MOVES, moves, play
from tests.store.fold import folded
from tests.store.production_doors import (
    DOORS,
    Door,
    Sent,
    deliver,
    replay_all,
    sent,
    told,
    with_guid,
)
from tests.store.writers import check_story, together
from tests.store.writers import emptied as empty
from tests.stories import STORIES
from tests.stories.story import Story

EXAMPLES = count(12, 500)
PARTS = count(1, 100)
HISTORIES = count(60, 1000)  # in each part

CHUNK = 100  # histories that share a store
MOST_MOVES = 12
# Runs that have jobs, and repositories that change their names, in most histories.
VERBS = (*MOVES, *LIVELY, *("trigger", "queue job", "rename") * 4)

shared_store = settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Hand(NamedTuple):
    """What one writer brings, and by which door."""

    door: str
    those: list[Sent]


def emptied(writers: Sequence[Engine]) -> None:
    """Begin an example: no rows, and no process that knows any."""
    empty(writers[0].url.render_as_string(hide_password=False))


@st.composite
def tellings(draw: st.DrawFn, those: Sequence[Sent]) -> list[Hand]:
    """Return deliveries in any order, 1 to 5 times each, dealt to 1 to 4 writers.

    A repetition has the guid of its first (GitHub sent it again) or one of its own, so that its
    rows are written again.
    """
    copies = st.tuples(st.sampled_from((1, 1, 1, 2, 5)), st.booleans())
    many = []
    for one in those:
        times, own = draw(copies)
        for copy in range(times):
            guid = f"{one.delivery.guid}/{copy}" if own else one.delivery.guid
            many.append(with_guid(one, guid))
    doors = draw(st.lists(st.sampled_from(sorted(DOORS)), min_size=1, max_size=4))
    dealt = [Hand(door, []) for door in doors]
    for one in draw(st.permutations(many)):
        dealt[draw(st.integers(0, len(dealt) - 1))].those.append(one)
    return dealt


def check_telling(writers: Sequence[Engine], hands: list[Hand]) -> None:
    """Fail unless these hands, all at once, leave what the fold says; and again, nothing new."""
    emptied(writers)
    works = [
        partial(deliver, engine, hand.those, DOORS[hand.door])
        for engine, hand in zip(writers, hands, strict=False)
    ]
    together(works)
    every = [one for hand in hands for one in hand.those]
    guids = {one.delivery.guid for hand in hands for one in hand.those if hand.door != "API"}
    check_equal(contents(writers[0]), folded(one.rows for one in every))
    found = contents(writers[0], versions=True)
    assert sum(found.pop("deliveries").values()) == len(guids)
    for door in DOORS.values():
        apply.CACHES.clear()
        door(writers[-1], list({one.delivery.guid: one for one in every}.values()))
        check_equal(contents(writers[0], versions=True), found)


@shared_store
@given(data=st.data())
def test_story_in_any_order_often_and_by_several_writers_gives_its_rows(
    writers: list[Engine], data: st.DataObject
):
    story: Story = data.draw(st.sampled_from(STORIES))
    check_telling(writers, data.draw(tellings(told(story))))
    check_story(writers[0], story)


@shared_store
@given(data=st.data())
def test_world_in_any_order_often_and_by_several_writers_gives_one_state(
    writers: list[Engine], data: st.DataObject
):
    world = play(data.draw(moves(max_moves=count(6, 40))))
    those = [sent(one.event, one.payload, one.guid) for one in world.deliveries()]
    check_telling(writers, data.draw(tellings(those)))


def elsewhere(one: Sent, place: int) -> Sent:
    """Return a delivery about other repositories, runs and jobs, so that histories share a store.

    Their ids move; names and pages stay, as after a rename. Each is on a server of its own: on one,
    a name is that of one repository.
    """
    step = place * 1_000_000

    def moved(row: Row) -> Row:
        ids = ("gitid", "rungitid", "workflowgitid")
        values = {name: row.values[name] for name in ids if row.values.get(name) is not None}
        values = {name: id_ + step for name, id_ in values.items()}
        of_server = {"provider": provider} if "provider" in row.values else {}
        return Row(row.table, {**row.values, **values, **of_server})

    own, repository, rows, *_ = one.rows
    provider = f"{own}:{place}.example.org"
    return one._replace(mapped=Mapped(provider, moved(repository), tuple(map(moved, rows))))


def a_history(chance: random.Random, place: int) -> list[Sent]:
    """Return what one history sends, each delivery 1 to 5 times, some of them never.

    Nothing where two repositories have one name after each other: what ends with the first of them
    is of tests/store/state/test_gone_repositories.py, and the fold does not say it.
    """
    chosen = [
        (chance.choice(VERBS), chance.randrange(32), chance.choice((0, 0, 1, 2, 60, 7200)))
        for _ in range(chance.randrange(1, MOST_MOVES))
    ]
    those: list[Sent] = []
    for one in play(chosen).deliveries():
        for copy in range(chance.choice((0, 1, 1, 1, 1, 1, 1, 2, 2, 5))):
            guid = f"{place} {len(those)} {copy}"
            those.append(elsewhere(sent(one.event, one.payload, guid), place))
    return [] if shares_name(those) else those


def shares_name(those: Iterable[Sent]) -> bool:
    """Tell whether several repositories had one name."""
    owners: dict[str, int] = {}
    return any(
        owners.setdefault(row.values["name"].lower(), gitid) != gitid
        for one in those
        for gitid in [one.mapped.repository.values["gitid"]]
        for row in (one.mapped.repository, *one.mapped.rows)
        if row.table in ("repos", "repoaliases")
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_histories_end_as_the_fold_says(writers: list[Engine], part: int):
    for first in range(part * HISTORIES, (part + 1) * HISTORIES, CHUNK):
        chance = random.Random(first)
        every: list[Sent] = []
        for number in range(min(CHUNK, HISTORIES)):
            every += a_history(chance, number)
        chance.shuffle(every)
        hands: list[list[Callable[[Engine], None]]] = [[], []]
        wanted = folded(one.rows for one in every)
        while every:
            size, door = chance.choice((1, 10, 100, 300)), chance.choice(list(DOORS.values()))
            hands[chance.randrange(2)].append(partial(bring, door, every[:size]))
            del every[:size]
        emptied(writers)
        works = zip(writers[:2], hands, strict=True)
        together([partial(run_all, engine, hand) for engine, hand in works])
        check_equal(contents(writers[0]), wanted)


def bring(door: Door, batch: Sequence[Sent], engine: Engine) -> None:
    door(engine, batch)


def run_all(engine: Engine, works: Iterable[Callable[[Engine], None]]) -> None:
    """Do one after the other."""
    for work in works:
        work(engine)


def versions(engine: Engine) -> dict[str, list[bytes]]:
    """Return the versions of all rows that are more than stubs."""
    with reading(engine).connect() as connection:
        tables = [metadata.tables[name] for name in COMPARED if name in version.REVISION]
        return {
            table.name: [stored for stored in connection.scalars(select(table.c.version)) if stored]
            for table in tables
        }


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_raised_revision_shows_in_every_row_after_a_replay(
    engine: Engine, story: Story, monkeypatch: pytest.MonkeyPatch
):
    deliver(engine, told(story))
    before = contents(engine)
    for table in version.REVISION:
        monkeypatch.setitem(version.REVISION, table, 0x0707)
    replay_all(engine)
    check_equal(contents(engine), before)
    place = {"jobs": 9, "workflowruns": 13, "runattempts": 13}
    revisions = {
        (table, stored[place.get(table, 9) :][:2])
        for table, found in versions(engine).items()
        for stored in found
    }
    assert {revision for _, revision in revisions} == {b"\x07\x07"}
    assert {table for table, _ in revisions} == {
        table for table, rows in story.rows.items() if rows
    } & set(version.REVISION)
