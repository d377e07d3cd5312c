"""The version of a record: which of two is newer, whatever order they arrive in."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import version
from schema.tables.ci import metadata

NOON = datetime(2026, 3, 2, 12)
SECOND = timedelta(seconds=1)
STATE = ("queued", None)
OPEN, DONE = ("queued", None), ("completed", "success")

TIMES = st.none() | st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31))
STATUSES = st.sampled_from([None, "queued", "waiting", "in_progress", "completed", "unheard of"])
STATES = st.tuples(STATUSES, st.none() | st.text(st.characters()), TIMES, st.booleans())

timed_versions = st.builds(
    version.timed,
    st.sampled_from(["repos", "branches", "commits", "workflows"]),
    TIMES,
    st.integers(0, 3),
    STATES,
)
run_versions = st.builds(
    version.run,
    st.sampled_from(["workflowruns", "runattempts"]),
    st.integers(1, 2**31 - 1),
    TIMES,
    STATUSES,
    st.sampled_from([None, "success", "action_required"]),
    STATES,
)
job_versions = st.builds(version.job, STATUSES, st.tuples(TIMES, TIMES, TIMES), STATES, TIMES)


def test_every_table_with_a_version_has_a_revision():
    versioned = {name for name, table in metadata.tables.items() if "version" in table.columns}
    assert set(version.REVISION) == versioned - {"jobversions", "versions"}  # of packages


def test_stub_is_older_than_any_record():
    oldest = [
        version.timed("repos", None, 0, ()),
        version.run("workflowruns", 1, None, None, None, ()),
        version.job(None, (None, None, None), ()),
    ]
    assert min(oldest) > version.STUB


@given(versions=st.lists(timed_versions, min_size=1))
def test_timed_versions_are_all_as_wide(versions: list[bytes]):
    assert {len(one) for one in versions} == {8 + 1 + 2 + 8}


@given(versions=st.lists(run_versions, min_size=1))
def test_run_versions_are_all_as_wide(versions: list[bytes]):
    assert {len(one) for one in versions} == {4 + 8 + 1 + 2 + 1 + 8}


@given(versions=st.lists(job_versions, min_size=1))
def test_job_versions_are_all_as_wide(versions: list[bytes]):
    assert {len(one) for one in versions} == {1 + 8 + 2 + 8 + 1 + 8}


def test_every_version_fits_its_column():
    assert 1 + 8 + 2 + 8 + 1 + 8 <= 32


def ascending(*versions: bytes) -> bool:
    """Tell whether each version is greater than the one before it."""
    return all(one < two for one, two in itertools.pairwise(versions))


@pytest.mark.parametrize("table", ["repos", "branches", "workflows", "commits"])
def test_later_time_wins_over_a_higher_rank(table: str):
    assert ascending(
        version.timed(table, None, 2, STATE),
        version.timed(table, NOON, 2, STATE),
        version.timed(table, NOON + timedelta(microseconds=1), 1, STATE),
        version.timed(table, NOON + SECOND, 0, STATE),
    )


def test_higher_rank_wins_within_the_same_time():
    assert ascending(*(version.timed("branches", NOON, rank, STATE) for rank in (0, 1, 2)))


def test_higher_attempt_wins_over_a_later_time():
    assert ascending(
        version.run("workflowruns", 1, NOON + SECOND, *DONE, STATE),
        version.run("workflowruns", 2, NOON, *OPEN, STATE),
        version.run("workflowruns", 256, None, *OPEN, STATE),
    )


def test_later_update_of_an_attempt_wins_over_a_higher_rank():
    assert ascending(
        version.run("runattempts", 1, NOON, "completed", "action_required", STATE),
        version.run("runattempts", 1, NOON + SECOND, *OPEN, STATE),
    )


def test_higher_rank_of_an_attempt_wins_within_the_same_second():
    ways: list[tuple[str, str | None]] = [("requested", None), ("queued", None), ("pending", None)]
    ways += [("waiting", None), ("in_progress", None), ("completed", "action_required"), DONE]
    assert ascending(*(version.run("runattempts", 1, NOON, *way, STATE) for way in ways))


def test_rank_of_a_run_rises_as_it_goes_on():
    assert [
        version.run_rank(status, conclusion)
        for status, conclusion in [
            ("requested", None),
            ("queued", None),
            ("pending", None),
            ("waiting", None),
            (None, None),
            ("in_progress", None),
            ("completed", "action_required"),
            ("completed", "success"),
            ("completed", "startup_failure"),
            ("completed", None),
        ]
    ] == [0, 0, 0, 0, 0, 1, 2, 3, 3, 2]


def test_completed_job_wins_over_later_times():
    later = (NOON + SECOND,) * 3
    assert ascending(
        version.job("queued", later, STATE),
        version.job("in_progress", (NOON, NOON, None), STATE),
        version.job("completed", (None, None, None), STATE),
        version.job("completed", later, STATE),
        version.job("completed", (NOON, NOON, NOON), STATE, conclusion="success"),
    )


@pytest.mark.parametrize("status", ["requested", "queued", "pending", "waiting", None])
def test_job_that_has_not_started_is_ordered_by_time_first(status: str | None):
    assert ascending(
        version.job("waiting", (NOON, NOON, None), STATE),
        version.job(status, (NOON, NOON + SECOND, None), STATE),
        version.job("in_progress", (NOON, NOON, None), STATE),
    )


def test_what_holds_a_job_comes_after_what_it_holds_within_one_second():
    # So many states that their digests fall on both sides of each other's.
    ranks = [
        [version.job(status, (NOON, NOON, None), (number,)) for number in range(50)]
        for status in ("requested", "queued", "pending", "waiting", "in_progress")
    ]
    assert all(max(lower) < min(higher) for lower, higher in itertools.pairwise(ranks))


def test_approval_lets_a_job_be_queued_again():
    times = (NOON, NOON, None)
    assert ascending(
        version.job("queued", times, STATE, NOON),
        version.job("waiting", times, STATE, NOON),
        version.job("queued", times, STATE, NOON + SECOND),
        version.job("in_progress", times, STATE),
    )


@pytest.mark.parametrize("status", ["in_progress", "completed"])
def test_approval_does_not_order_what_has_started(status: str):
    # The API does not show it, and must say the same of a job as its delivery.
    assert version.job(status, (NOON,), STATE, NOON) == version.job(status, (NOON,), STATE)


def test_latest_of_a_jobs_times_counts_wherever_it_stands():
    versions = {
        version.job("completed", times, STATE)
        for times in itertools.permutations((NOON, NOON - SECOND, None))
    }
    assert len(versions) == 1


@pytest.mark.parametrize("table", version.REVISION)
def test_raised_revision_wins_over_an_equal_record(table: str, monkeypatch: pytest.MonkeyPatch):
    def records() -> list[bytes]:
        # Whatever the digests are, the revision stands above them.
        states = [("a",), ("b",), ("c",)]
        if table in ("workflowruns", "runattempts"):
            return [version.run(table, 1, NOON, *DONE, state) for state in states]
        if table == "jobs":
            return [version.job("completed", (NOON,), state) for state in states]
        return [version.timed(table, NOON, 0, state) for state in states]

    before = records()
    monkeypatch.setitem(version.REVISION, table, version.REVISION[table] + 1)
    assert max(before) < min(records())


def test_raised_revision_does_not_win_over_a_later_time(monkeypatch: pytest.MonkeyPatch):
    later = version.timed("repos", NOON + SECOND, 0, STATE)
    monkeypatch.setitem(version.REVISION, "repos", version.REVISION["repos"] + 1)
    assert version.timed("repos", NOON, 0, STATE) < later


def test_equal_records_have_equal_versions():
    again = tuple(["queued", None])
    assert version.timed("repos", NOON, 0, STATE) == version.timed("repos", NOON, 0, again)


@given(one=STATES, two=STATES)
def test_records_of_one_moment_tie_only_when_they_say_the_same(
    one: tuple[object, ...], two: tuple[object, ...]
):
    ties = version.timed("repos", NOON, 0, one) == version.timed("repos", NOON, 0, two)
    assert ties == (one == two)


def test_state_columns_do_not_run_into_one_another():
    digests = {version.digest(state) for state in [("ab", ""), ("a", "b"), ("", "ab"), ("ab",)]}
    assert len(digests) == 4


def test_null_is_not_the_text_none():
    assert version.digest([None]) != version.digest(["None"])


def test_time_before_1970_counts_as_none():
    assert version.micros(datetime(1969, 12, 31)) == version.micros(None) == 0


@pytest.mark.parametrize("time", [datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)])
def test_version_holds_every_time_a_column_holds(time: datetime):
    assert len(version.timed("repos", time, 0, STATE)) == 19
    assert len(version.run("workflowruns", 2**31 - 1, time, *DONE, STATE)) == 24


def test_digest_does_not_depend_on_the_process():
    # Versions are stored: another process must make the same bytes of the same state.
    assert version.digest(("completed", "success", NOON, 7, 198.0, True, None)) == DIGEST


# blake2b, 8 bytes, of the state's text as Python shows it; not random per process as hash() is.
DIGEST = bytes.fromhex("9dbaa32dcd935ee4")
