"""Order, duplication and the number of writers do not matter; what is stored stays as it is.

Counts of `make test-all`, per engine: 500 tellings of stories and 500 of generated worlds
(Hypothesis), each by up to four writers at once, and 100,000 generated histories by two. The
histories take up to an hour on an engine and two cores.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from engines import reading
from fakegithub.world.strategies import LIVELY, MOVES, moves, play
from rows import Mapped, Row, version
from schema.tables.ci import metadata
from store import apply
from tests.counts import count
from tests.equality import COMPARED, check_equal, contents
from tests.store import door
from tests.store.door import Sent
from tests.store.fold import folded
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


def emptied(writers: Sequence[Engine]) -> None:
    """Begin an example: no rows, and no process that knows any."""
    door.emptied(writers[0].url.render_as_string(hide_password=False))


@st.composite
def tellings(draw: st.DrawFn, those: Sequence[Sent]) -> list[list[Sent]]:
    """Return deliveries in any order, 1 to 5 times each, dealt to 1 to 4 writers.

    A repetition has the guid of its first (GitHub sent it again) or one of its own, so that its
    rows are written again (another door brings them).
    """
    copies = st.tuples(st.sampled_from((1, 1, 1, 2, 5)), st.booleans())
    many = []
    for one in those:
        times, own = draw(copies)
        for copy in range(times):
            guid = f"{one.delivery.guid}/{copy}" if own else one.delivery.guid
            many.append(one._replace(delivery=one.delivery._replace(guid=guid)))
    dealt: list[list[Sent]] = [[] for _ in range(draw(st.integers(1, 4)))]
    for one in draw(st.permutations(many)):
        dealt[draw(st.integers(0, len(dealt) - 1))].append(one)
    return dealt


def check_telling(writers: Sequence[Engine], hands: list[list[Sent]]) -> None:
    """Fail unless these hands, all at once, leave what the fold says; and again, nothing new."""
    emptied(writers)
    door.deliver_at_once(writers[: len(hands)], hands)
    every = [one for hand in hands for one in hand]
    wanted = folded(one.mapped for one in every)
    found = contents(writers[0], versions=True)
    plain = contents(writers[0])
    check_equal(plain, wanted)
    assert sum(plain["deliveries"].values()) == len({one.delivery.guid for one in every})
    apply.KNOWN.clear()
    for one in every:
        apply.write(writers[-1], [one.mapped])
    check_equal(contents(writers[0], versions=True), found)


@shared_store
@given(data=st.data())
def test_story_in_any_order_often_and_by_several_writers_gives_its_rows(
    writers: list[Engine], data: st.DataObject
):
    story: Story = data.draw(st.sampled_from(STORIES))
    check_telling(writers, data.draw(tellings(door.told(story))))
    door.check_story(writers[0], story)


@shared_store
@given(data=st.data())
def test_world_in_any_order_often_and_by_several_writers_gives_one_state(
    writers: list[Engine], data: st.DataObject
):
    world = play(data.draw(moves(max_moves=count(6, 40))))
    those = [door.sent(one.event, one.payload, one.guid) for one in world.deliveries()]
    check_telling(writers, data.draw(tellings(those)))


def elsewhere(mapped: Mapped, place: int) -> Mapped:
    """Return a delivery about other repositories, runs and jobs, so that histories share a store.

    Their ids move; names and pages stay, as after a rename.
    """
    step = place * 1_000_000

    def moved(row: Row) -> Row:
        ids = ("gitid", "rungitid", "workflowgitid")
        values = {name: row.values[name] for name in ids if row.values.get(name) is not None}
        return Row(row.table, {**row.values, **{name: id_ + step for name, id_ in values.items()}})

    return Mapped(mapped.provider, moved(mapped.repository), tuple(map(moved, mapped.rows)))


def a_history(chance: random.Random, place: int) -> list[Mapped]:
    """Return what one history sends, each delivery 1 to 5 times, some of them never."""
    chosen = [
        (chance.choice(VERBS), chance.randrange(32), chance.choice((0, 0, 1, 2, 60, 7200)))
        for _ in range(chance.randrange(1, MOST_MOVES))
    ]
    sent: list[Mapped] = []
    for one in play(chosen).deliveries():
        times = chance.choice((0, 1, 1, 1, 1, 1, 1, 2, 2, 5))
        sent += [elsewhere(door.mapped(one.event, one.payload), place)] * times
    return sent


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_histories_end_as_the_fold_says(writers: list[Engine], part: int):
    for first in range(part * HISTORIES, (part + 1) * HISTORIES, CHUNK):
        chance = random.Random(first)
        every: list[Mapped] = []
        for number in range(min(CHUNK, HISTORIES)):
            every += a_history(chance, number)
        chance.shuffle(every)
        hands: list[list[list[Mapped]]] = [[], []]
        while every:
            size = chance.choice((1, 10, 100, 300))
            hands[chance.randrange(2)].append(every[:size])
            del every[:size]
        emptied(writers)
        pairs = zip(writers[:2], hands, strict=True)
        door.together([partial(door.write_all, engine, hand) for engine, hand in pairs])
        wanted = folded(mapped for hand in hands for batch in hand for mapped in batch)
        check_equal(contents(writers[0]), wanted)


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
    door.deliver(engine, door.told(story))
    before = contents(engine)
    for table in version.REVISION:
        monkeypatch.setitem(version.REVISION, table, 0x0707)
    door.replay(engine)
    check_equal(contents(engine), before)
    revisions = {
        (table, stored[-10:-8]) for table, found in versions(engine).items() for stored in found
    }
    assert {revision for _, revision in revisions} == {b"\x07\x07"}
    assert {table for table, _ in revisions} == {
        table for table, rows in story.rows.items() if rows
    } & set(version.REVISION)
