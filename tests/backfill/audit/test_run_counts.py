"""An audit sees through any one list or count that lies, and says what is missing all the same."""

from typing import NamedTuple

import pytest
import sqlalchemy as sa

from backfill.audit import audit, repair
from backfill.audit.run_counts import RunCounts
from backfill.audit.verdict import Span, Verdict
from backfill.github import audit_lists, windows
from fakegithub.api import rest
from fakegithub.api.lies import Lie
from fakegithub.payloads.templates import Json
from fakegithub.server import Server
from fakegithub.world.world import World
from store.reads.for_audit import StoredSpan
from tests.backfill.audit.test_audit import named, of
from tests.backfill.filling import served
from tests.backfill.lossy import deliver, desk_of, everything, here_of, naive
from tests.counts import count
from tests.fakegithub.samples import app_of, flow_of, small_world

pytestmark = [
    pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("small_pages"),
]

RUNS, PAGE = 24, 10
BY_TIME, IN_ALL, BY_WORKFLOW = r"/actions/runs\?created=2", r"/actions/runs\?excl", r"/workflows/\d"
BEFORE, PAGE_TWO = r"/actions/runs\?created=\*", "&page=2"


class Told(NamedTuple):
    """A world of three pages of runs: one is lost to us, one deleted at GitHub."""

    world: World
    lost: int
    kept: int
    deleted: int
    every: frozenset[int]
    middle: Span
    stale: Json


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for pages of ten runs, so that a small world has several."""
    monkeypatch.setattr(windows, "PER_PAGE", PAGE)
    monkeypatch.setattr(audit_lists, "PER_PAGE", PAGE)
    monkeypatch.setattr(audit_lists, "UNFILTERED", f"exclude_pull_requests=true&per_page={PAGE}")


def told_world() -> Told:
    world = small_world()
    runs = []
    for number in range(RUNS):
        run = world.trigger(flow_of(world), after=60 if number else 0)
        world.finish_run(run, "cancelled", after=1)
        runs.append(run)
    deleted = runs.pop(13)
    stale = rest.run(world.at(), world.run(deleted), pull_requests=False)
    world.delete_run(deleted, after=60)
    world.advance(3600)
    times = [naive(world.run(runs[place]).created_at) for place in (4, 21)]
    return Told(world, runs[8], runs[18], deleted, frozenset(runs), Span(*times), stale)


def lies_of(told: Told) -> dict[str, list[Lie]]:
    """Return every way in which one list or count lies alone."""
    lost, kept = frozenset({told.lost}), frozenset({told.kept})
    lies = {
        "nothing": [],
        "count before the span is too high": [Lie(BEFORE, total=2)],
        "count before the span is too low": [Lie(BEFORE, total=-2)],
        "count before the span is none": [Lie(BEFORE, is_none=True, is_empty=True)],
        "workflows are none": [Lie(r"/actions/workflows\?", is_none=True, is_empty=True)],
    }
    for name, pattern in (("time", BY_TIME), ("all", IN_ALL), ("workflow", BY_WORKFLOW)):
        lies |= {
            f"{name} hides what is lost": [Lie(pattern, lost)],
            f"{name} hides what is lost and does not count it": [Lie(pattern, lost, True)],
            f"{name} hides what is stored": [Lie(pattern, kept)],
            f"{name} hides what is stored and does not count it": [Lie(pattern, kept, True)],
            f"{name} hides both": [Lie(pattern, lost | kept, True)],
            f"{name} counts one more": [Lie(pattern, total=1)],
            f"{name} counts a thousand more": [Lie(pattern, total=1000)],
            f"{name} counts one less": [Lie(pattern, total=-1)],
            f"{name} counts none": [Lie(pattern, is_none=True)],
            f"{name} is empty": [Lie(pattern, is_empty=True, is_none=True)],
            f"{name} knows nothing": [Lie(pattern, told.every, True, ends=True)],
            f"{name} ends after its first page": [Lie(pattern, ends=True)],
            f"{name} has an empty second page": [Lie(f"{pattern}.*{PAGE_TWO}", is_empty=True)],
            f"{name} has an empty first page": [Lie(f"{pattern}.*10$", is_empty=True)],
            f"{name} counts less on its second page": [Lie(f"{pattern}.*{PAGE_TWO}", total=-9)],
            f"{name} still has what is deleted": [Lie(pattern, stale=(told.stale,))],
            f"{name} lies once": [Lie(pattern, lost, True, times=1)],
        }
    return lies


LIES = sorted(lies_of(told_world()))


# Every lie about all runs or about those of a part of the time; in a long round about both.
CASES = [
    (lie, (place + turn) % 2 == 0) for place, lie in enumerate(LIES) for turn in range(count(1, 2))
]


def prove(engine: sa.Engine, github: Server, told: Told, span: Span, *, mend: bool) -> Verdict:
    with desk_of(engine, github) as desk:
        here = here_of(desk, told.world, app_of(told.world))
        found = audit.audit_vendor(desk, here, span)
        if mend:
            repair.repair(desk, here, found)
        return found


@pytest.mark.parametrize(("lie", "is_whole"), CASES)
def test_list_or_count_that_lies_alone_changes_no_verdict(engine, store_url, lie, is_whole):
    told = told_world()
    span, runs = (everything(told.world), RUNS - 1) if is_whole else (told.middle, 18)
    deliver(
        engine, told.world, app_of(told.world), lambda one: one.key in (told.lost, told.deleted)
    )
    with served(told.world, store_url) as github:
        github.lies = lies_of(told)[lie]
        found = prove(engine, github, told, span, mend=True)
        assert named(found) == {("run", str(told.lost))}
        assert (found.listed, found.stored) == (runs, runs - 1)
        notes = {one.name for one in found.notes if one.kind == "deleted"}
        # Run number 14 is on no list, or on one alone, and not there by its id.
        assert notes == {"14"} | ({str(told.deleted)} if "still" in lie else set())
        assert prove(engine, github, told, span, mend=False).is_complete


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie.startswith("time hides")])
def test_list_by_time_alone_would_not_have_told(engine, store_url, lie):
    """The control: what one list says is not the truth, whatever it counts."""
    told = told_world()
    with served(told.world, store_url) as github, desk_of(engine, github) as desk:
        github.lies = lies_of(told)[lie]
        here = here_of(desk, told.world, app_of(told.world))
        runs, broken = audit_lists.list_runs(desk, here, *everything(told.world), [])
        assert runs.keys() < told.every
        assert bool(broken) == ("not count" not in lie and "both" not in lie)


def test_lists_that_all_hide_a_run_are_told_by_their_counts(engine, store_url):
    told = told_world()
    hidden = frozenset({told.lost})
    deliver(engine, told.world, app_of(told.world), of("workflow_run", told.lost))
    with served(told.world, store_url) as github:
        github.lies = [Lie("/runs", hidden)]
        found = prove(engine, github, told, everything(told.world), mend=False)
    (listing,) = found.findings
    assert listing.kind == "listing"
    assert listing.why.startswith("GitHub counts 23 runs, but lists 22 (")


def test_second_with_more_runs_than_one_search_gives_is_asked_for_without_a_filter(
    engine, store_url, monkeypatch
):
    monkeypatch.undo()  # pages as large as ever
    world = small_world()
    for _ in range(1001):
        world.finish_run(world.trigger(flow_of(world)))
    with served(world, store_url) as github, desk_of(engine, github) as desk:
        here, span = here_of(desk, world, app_of(world)), everything(world)
        runs, (broken,) = audit_lists.list_runs(desk, here, *span, [])
        assert (len(runs), broken.counted, broken.listed) == (1000, 1001, 1000)
        proven = RunCounts(desk, here, span, StoredSpan({}, {})).prove()
    assert len(proven.runs) == 1001
    assert proven.unlisted == []


def test_deleted_run_that_cannot_be_asked_for_now_is_not_called_deleted(engine, store_url):
    told = told_world()
    deliver(engine, told.world, app_of(told.world), lambda one: one.key == told.deleted)
    with served(told.world, store_url) as github:
        github.lies = [Lie(BY_TIME, stale=(told.stale,))]
        github.faults.lasting = [(rf"/actions/runs/{told.deleted}\?", "502")]
        found = prove(engine, github, told, everything(told.world), mend=False)
        assert named(found) == {(kind, str(told.deleted)) for kind in ("run", "jobs")}
        assert [one for one in found.notes if one.kind == "deleted"] == []
        github.faults.lasting = []
        assert prove(engine, github, told, everything(told.world), mend=False).is_complete


def test_stored_run_that_a_stale_list_still_has_is_noted_as_deleted(engine, store_url):
    told = told_world()
    deliver(engine, told.world, app_of(told.world))
    with served(told.world, store_url) as github:
        github.lies = [Lie(BY_TIME, stale=(told.stale,))]
        found = prove(engine, github, told, everything(told.world), mend=False)
    assert (named(found), found.listed) == (set(), RUNS - 1)
    assert [one.name for one in found.notes if one.kind == "deleted"] == [str(told.deleted)]
