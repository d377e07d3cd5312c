"""What is foreseen is all of what is asked for, or nothing, and no memory grows without end."""

from types import SimpleNamespace

import pytest

from rows.words import RunKey
from store.write import version_cache
from store.write.first_reads import ForeseenReads, Unforeseen
from store.write.version_cache import ReadMemory, Told


def keys(*numbers: int) -> list[RunKey]:
    """Return keys of repositories or runs."""
    return [("github", number) for number in numbers]


def read(*numbers: int) -> Told:
    """Return what is read of repositories, and of runs of the same numbers."""
    return Told(
        {key: f"repository {key[1]}" for key in keys(*numbers)},
        {key: SimpleNamespace(Id=100 + key[1]) for key in keys(*numbers)},
    )


def remembering(*numbers: int) -> ReadMemory:
    """Return a memory."""
    memory = ReadMemory()
    memory.remember(read(*numbers))
    return memory


def test_what_was_read_is_foreseen():
    assert remembering(1, 2).foresee(keys(2), keys(1, 2)) == (
        {("github", 2): "repository 2"},
        {("github", 1): (101,), ("github", 2): (102,)},
    )


@pytest.mark.parametrize(("repositories", "runs"), [((1, 3), (1,)), ((1,), (1, 3)), ((3,), ())])
def test_nothing_is_foreseen_where_one_is_not_known(
    repositories: tuple[int, ...], runs: tuple[int, ...]
):
    assert remembering(1, 2).foresee(keys(*repositories), keys(*runs)) is None


def test_what_was_read_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(version_cache, "SIZE", 2)
    memory = remembering(1, 2)
    memory.remember(read(1))
    memory.remember(read(3))
    assert memory.foresee(keys(1, 3), keys(1, 3)) is not None
    assert memory.foresee(keys(2), ()) is None
    assert memory.foresee((), keys(2)) is None


def test_what_is_told_as_foreseen_is_confirmed_and_asked_for_once():
    memory, asked = remembering(1), list[Told]()
    foreseen = memory.foresee(keys(1), keys(1))
    assert foreseen is not None

    def tell() -> Told:
        asked.append(read(1))
        return asked[-1]

    reads = ForeseenReads(foreseen, tell, memory)
    assert reads.confirm() is asked[0].runs
    assert reads.confirm() is asked[0].runs
    assert len(asked) == 1


@pytest.mark.parametrize(
    "told",
    [
        Told({("github", 1): "renamed"}, read(1).runs),
        Told({}, read(1).runs),
        Told(read(1).repositories, {}),
        Told(read(1).repositories, {("github", 1): SimpleNamespace(Id=7)}),
    ],
    ids=["another name", "no repository", "no run", "another number"],
)
def test_what_is_told_otherwise_is_unforeseen_and_all_is_forgotten(told: Told):
    memory = remembering(1, 2)
    foreseen = memory.foresee(keys(1), keys(1))
    assert foreseen is not None
    with pytest.raises(Unforeseen):
        ForeseenReads(foreseen, lambda: told, memory).confirm()
    assert memory.foresee(keys(2), ()) is None
    assert memory.foresee((), keys(2)) is None
