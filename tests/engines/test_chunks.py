"""Long lists are cut in order, and nothing is lost."""

from engines.chunks import SIZE, by_scope, chunks


def test_chunks_keep_every_value_in_order() -> None:
    numbers = range(2 * SIZE + 1)
    cut = list(chunks(numbers))
    assert [len(chunk) for chunk in cut] == [SIZE, SIZE, 1]
    assert [number for chunk in cut for number in chunk] == list(numbers)


def test_chunks_of_nothing_are_none() -> None:
    assert not list(chunks([]))
    assert not list(by_scope([]))


def test_ids_of_two_providers_never_share_a_chunk() -> None:
    keys = [("github", 1), ("github:ghes", 1), ("github", 2)]
    assert list(by_scope(keys)) == [("github", [1, 2]), ("github:ghes", [1])]
