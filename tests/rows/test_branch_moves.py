"""Moves of one second -> where a branch points: by what they say, whatever order they came in."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows.branch_moves import (
    LATE,
    MOST_HEARD,
    NO_COMMIT,
    READ,
    UNTOLD,
    End,
    Move,
    end_of_heard,
    head_after,
    heard_times,
    newest_times,
)

NOON = datetime(2026, 3, 2, 12)
SECOND = timedelta(seconds=1)
GONE = NO_COMMIT


def at_noon(*steps: str) -> set[Move]:
    """Return moves of one second, each given as `ab`: from a to b; `-` is no commit."""
    return {Move(NOON, *(step.replace("-", GONE) for step in pair)) for pair in steps}


def before(head: str) -> set[Move]:
    """Return the move of an earlier second that led to a head."""
    return {Move(NOON - SECOND, "z", head)}


@st.composite
def ways(draw: st.DrawFn) -> list[str]:
    """Return commits that a branch points at one after the other; no step is made twice."""
    way = [draw(st.sampled_from([GONE, *"abcd"]))]
    for commit in draw(st.lists(st.sampled_from([GONE, *"abcd"]), min_size=1, max_size=9)):
        if commit != way[-1] and (way[-1], commit) not in set(pairwise(way)):
            way.append(commit)
    return way


def moves_of(way: list[str]) -> set[Move]:
    """Return the moves of a way, all in one second."""
    return {Move(NOON, *step) for step in pairwise(way)}


@given(ways())
def test_branch_points_where_the_way_ends(way: list[str]):
    # An earlier second tells where it began; nothing is to be told of one that is new.
    known = set() if way[0] == GONE else before(way[0])
    assert head_after(known | moves_of(way)) == way[-1]


@given(ways(), st.data())
def test_reading_of_the_end_changes_nothing(way: list[str], data: st.DataObject):
    known = set() if way[0] == GONE else before(way[0])
    some = data.draw(st.sets(st.sampled_from(sorted(moves_of(way)))) if way[1:] else st.just(set()))
    read = {Move(NOON, READ, way[-1])}
    assert head_after(known | moves_of(way) | read) == way[-1]
    # It is right, too, where only moves that lead to it are known.
    if all(move.beforehash != way[-1] for move in some):
        assert head_after(known | some | read) == way[-1]


@pytest.mark.parametrize(
    ("moves", "head"),
    [
        (at_noon("ax", "xy"), "y"),
        (at_noon("xy", "ax", "yz"), "z"),
        (at_noon("e-", "-d"), "d"),
        (at_noon("-d", "d-"), GONE),  # nothing was known of it: it was new
        (at_noon("ax", "xa") | before("a"), "a"),
        (at_noon("ax", "xa") | before("x"), "x"),
        (at_noon("e-", "-e") | before("e"), "e"),
        (at_noon("e-", "-e") | before(GONE), GONE),
        (at_noon("e-", "-e"), GONE),
        (at_noon("aa"), "a"),
    ],
)
def test_moves_of_one_second_are_put_in_order(moves: set[Move], head: str):
    assert head_after(moves) == head


@pytest.mark.parametrize(
    ("moves", "head"),
    [
        (at_noon("ax") | {Move(NOON, UNTOLD, GONE)}, GONE),
        (at_noon("e-") | {Move(NOON, UNTOLD, GONE)}, GONE),
        (at_noon("e-", "-d") | {Move(NOON, UNTOLD, GONE)}, "d"),
        (at_noon("-d") | {Move(NOON, UNTOLD, GONE)} | before("e"), "d"),
        (at_noon("-d") | {Move(NOON, UNTOLD, GONE)}, GONE),
        ({Move(NOON, UNTOLD, GONE)}, GONE),
    ],
)
def test_deletion_that_does_not_say_of_what_takes_its_place(moves: set[Move], head: str):
    assert head_after(moves) == head


@pytest.mark.parametrize(
    ("moves", "read", "head"),
    [
        (at_noon("ax", "xy"), "x", "y"),  # read between the two
        (at_noon("ax", "xy"), "a", "y"),  # read before both, after a push of another branch
        (at_noon("ax", "xy"), "y", "y"),
        (at_noon("ax", "xy"), "z", "z"),  # a push whose delivery is missing
        (at_noon("ax", "xa"), "x", "x"),
        (at_noon("e-", "-e"), "e", "e"),
        (at_noon("e-", "-e"), "-", GONE),
        (at_noon("e-", "-d"), "-", "d"),
        (at_noon("ax"), "-", GONE),
    ],
)
def test_reading_counts_unless_a_move_leads_away_from_it(moves: set[Move], read: str, head: str):
    assert head_after(moves | at_noon(f"*{read}")) == head


def test_reading_at_an_end_wins_over_one_of_which_no_move_tells():
    assert head_after(at_noon("ax", "xy", "*y", "*b")) == "y"


def test_later_of_two_ways_with_a_gap_between_is_the_one_that_did_not_begin_where_the_branch_was():
    assert head_after(at_noon("ax", "yz") | before("a")) == "z"
    assert head_after(at_noon("ax", "yz") | before("y")) == "x"


def test_several_ends_are_decided_as_stated():
    assert head_after(at_noon("ax", "yz")) == "x"
    assert head_after(at_noon("a-", "yz") | before("q")) == GONE


def test_later_second_wins():
    assert head_after(at_noon("ax") | {Move(NOON + SECOND, "q", "b")}) == "b"


def test_only_the_two_newest_seconds_count():
    moves = {Move(NOON + number * SECOND, "a", "b") for number in range(4)}
    assert newest_times(moves) == [NOON + 2 * SECOND, NOON + 3 * SECOND]


@given(st.lists(st.tuples(st.integers(0, 3), *2 * [st.sampled_from([GONE, *"ab"])]), min_size=1))
def test_moves_that_no_longer_count_may_be_forgotten(steps: list[tuple[int, str, str]]):
    moves = {Move(NOON + second * SECOND, begin, end) for second, begin, end in steps}
    times = newest_times(moves)
    assert head_after(moves) == head_after({move for move in moves if move.time in times})


def heard(*steps: str, apart: timedelta = SECOND) -> list[Move]:
    """Return moves as they were heard of, one after the other; `-` is no commit."""
    return [
        Move(NOON + number * apart, *(letter.replace("-", GONE) for letter in step))
        for number, step in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("steps", "head", "last"),
    [
        (["ab", "bc"], "c", 1),
        (["bc", "ab"], "c", 0),  # the first push came last
        (["cd", "bc", "ab"], "d", 0),
        (["cd", "ab", "bc"], "d", 0),
        (["e-", "-d"], "d", 1),  # deleted and made again
        (["-d", "e-"], "d", 0),
        (["ab", "ba", "ab"], "b", 2),  # forced back and forth
        (["-a", "a-", "-a"], "a", 2),
        (["ab", "bc", "ab"], "c", 1),  # a group's webhook and a project's tell it twice
        (["-a", "ab", "-a", "b-"], "a", 0),  # deleted in between
        (["ab", "bc", "xb"], "c", 1),
        (["ab", "cd"], "d", 1),  # a push is missing
        (["ab", "bc", "cb"], "b", 2),  # forced back
    ],
)
def test_what_has_no_time_is_as_new_as_it_was_heard_of_unless_it_leads_to_what_was_left(
    steps: list[str], head: str, last: int
):
    moves = heard(*steps)
    assert end_of_heard(set(moves)) == End(head, moves[last].time)


@given(st.permutations("abcdefgh"))
def test_pushes_one_after_the_other_end_where_they_end_whatever_order_they_came_in(
    order: list[str],
):
    following = dict(pairwise("abcdefgh-"))
    assert end_of_heard(heard(*(one + following[one] for one in order))).head == GONE


def test_push_that_is_heard_of_much_later_is_new():
    moves = heard("bc", "ab", apart=LATE + SECOND)
    assert end_of_heard(moves) == End("b", moves[1].time)
    assert heard_times(moves) == [moves[1].time]


def test_few_pushes_without_a_time_are_kept():
    moves = heard(*(f"{number}{number + 1}" for number in range(MOST_HEARD + 1)))
    assert heard_times(moves) == [move.time for move in moves[1:]]
