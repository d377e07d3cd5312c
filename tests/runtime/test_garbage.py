"""The collector of garbage looks seldom, and past what stays."""

import gc

from runtime.garbage import OBJECTS, rare_collections, settle


def test_collector_passes_over_what_stays():
    before = gc.get_threshold()
    kept: list[list[int]] = [[] for _ in range(1000)]
    settle()
    try:
        assert gc.get_threshold()[0] == OBJECTS
        assert gc.get_freeze_count() > len(kept)
        assert not {id(one) for one in kept} & {id(one) for one in gc.get_objects()}
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_work_that_ends_leaves_the_collector_as_it_was():
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold() == (OBJECTS, 20, 50)
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
