"""The router, and what holds for every payload whatever is in it."""

import copy
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakegithub.payloads.templates import Json
from rows import Mapped, Row, StoredName, Unmappable
from rows.github import events
from schema.tables.ci import keys, metadata, of_kind
from tests import counts
from tests.rows.github.values import JUNK, Way, removed, replaced, ways
from tests.rows.objects import JOB, PUSH, REPOSITORY, RUN, WORKFLOW, unversioned

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
RECORDED: dict[str, tuple[str, Json]] = {
    f"{file.parent.name}/{file.stem}": (event, json.loads(file.read_text(encoding="utf-8")))
    for file in sorted(FIXTURES.glob("g*/*.json"))
    if (event := file.name.partition("__")[0]) in events.EVENTS
}
CHANGES = {"repository": {"name": {"from": "old"}}, "owner": {"from": {"user": {"login": "mona"}}}}
STEP = {"name": "Tests", "number": 1, "status": "completed", "conclusion": "failure"}
LEAST: dict[str, Json] = {
    # All of these fields are read, and few others: each may hold anything.
    "push": {**PUSH, "repository": REPOSITORY},
    "create": {"ref": "topic", "ref_type": "branch", "repository": REPOSITORY},
    "delete": {"ref": "topic", "ref_type": "branch", "repository": REPOSITORY},
    "repository": {"action": "renamed", "changes": CHANGES, "repository": REPOSITORY},
    "workflow_run": {"workflow_run": RUN, "workflow": WORKFLOW, "repository": REPOSITORY},
    "workflow_job": {"workflow_job": {**JOB, "steps": [STEP]}, "repository": REPOSITORY},
}
WAYS = {case: list(ways(payload)) for case, (_, payload) in RECORDED.items()}


def outcome(event: str, payload: Json) -> Mapped | str:
    """Return what a payload says, or why it cannot become rows; anything else is raised."""
    try:
        found = events.rows_for(event, payload)
    except Unmappable as refused:
        return str(refused)
    for row in (found.repository, *found.rows):
        check(row)
    return found


def check(row: Row) -> None:
    """Assert that a row keeps the contract of the package `rows`."""
    table = metadata.tables[row.table]
    columns = set(row.values)
    assert columns <= set(table.columns.keys())
    assert columns >= set(keys(table)) - {"repoid"}
    assert not columns & {"Id", "repoid", "repo"}, "the store's own"
    assert not columns & set(of_kind(table, "derived"))
    version = row.values.get("version")
    assert isinstance(version, bytes) == ("version" in table.columns)
    state = set(of_kind(table, "state"))
    if state:
        assert columns & state == (state if version else set())
    for name, value in row.values.items():
        check_value(name, value)


def check_value(name: str, value: object) -> None:
    """Assert that a value is one every engine stores, and stores alike."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, datetime):
        assert value.tzinfo is None
        assert value.year >= 1000
    elif isinstance(value, int):
        assert 0 <= value < (2**31 if name == "attempt" else 2**63)
    else:
        assert value is None or isinstance(value, (float, bytes, StoredName))


@pytest.mark.parametrize("case", RECORDED)
def test_recorded_payload_is_mapped_and_left_as_it_was(case: str):
    event, payload = RECORDED[case]
    before = copy.deepcopy(payload)
    assert isinstance(outcome(event, payload), Mapped)
    assert payload == before


@pytest.mark.parametrize("case", RECORDED)
def test_recorded_payload_says_the_same_each_time(case: str):
    event, payload = RECORDED[case]
    assert events.rows_for(event, payload) == events.rows_for(event, copy.deepcopy(payload))


@pytest.mark.parametrize("event", LEAST)
def test_any_value_in_any_field_is_mapped_or_refused(event: str):
    for way in ways(LEAST[event]):
        for junk in JUNK:
            outcome(event, replaced(LEAST[event], way, junk))


@hypothesis.settings(max_examples=counts.count(300, 20_000))
@given(data=st.data())
def test_recorded_payload_with_one_wrong_value_is_mapped_or_refused(data: st.DataObject):
    case = data.draw(st.sampled_from(sorted(RECORDED)))
    way = data.draw(st.sampled_from(WAYS[case]))
    event, payload = RECORDED[case]
    spoilt = replaced(payload, way, data.draw(st.sampled_from(JUNK)))
    before = copy.deepcopy(spoilt)
    outcome(event, spoilt)
    assert spoilt == before


NAMES = (
    *("ref", "ref_type", "repository", "workflow_run", "workflow_job"),
    *("repository.id", "repository.full_name", "repository.html_url"),
    *("workflow_run.id", "workflow_run.run_attempt"),
    *("workflow_job.id", "workflow_job.run_id", "workflow_job.run_attempt"),
)
"""What names rows: without it a payload is refused. A push goes on without a commit,
a run without its workflow."""
UNREAD = {"action", "email", "created", "runner_group_id", "workflow_run.name"}
UNREADABLE: tuple[Any, ...] = ({"a": 1}, [1], True, 1.5, -1, "\ud800", "x", 7)


def is_of_its_type(value: Any, junk: Any) -> bool:
    """Tell whether a value could stand in place of another: times are texts or numbers."""
    return isinstance(junk, type(value)) or {type(value), type(junk)} <= {str, int}


def check_unreadable(event: str, payload: Json, way: Way) -> None:
    """Assert that a field which cannot be read says what a null does, or refuses what it names."""
    value: Any = payload
    for key in way:
        value = value[key]
    name = ".".join(key for key in way if isinstance(key, str))
    null = outcome(event, replaced(payload, way, None))
    for junk in UNREADABLE:
        if value is None or is_of_its_type(value, junk):
            continue
        found = outcome(event, replaced(payload, way, junk))
        if name in NAMES:
            assert isinstance(found, str) == isinstance(null, str) or "run_attempt" in name, name
            continue
        assert isinstance(found, Mapped), (name, junk, found)
        assert isinstance(null, Mapped), (name, null)
        assert found._replace(notes=()) == null._replace(notes=()), (name, junk)


@pytest.mark.parametrize("case", RECORDED)
def test_field_of_a_recorded_payload_that_cannot_be_read_costs_nothing_else(case: str):
    event, payload = RECORDED[case]
    for way in WAYS[case]:
        check_unreadable(event, payload, way)


@pytest.mark.parametrize("event", LEAST)
def test_field_that_cannot_be_read_is_named(event: str):
    for way in ways(LEAST[event]):
        found = outcome(event, replaced(LEAST[event], way, 1.5))
        names = [key for key in way if isinstance(key, str)]
        notes = [found] if isinstance(found, str) else found.notes
        if not UNREAD & {names[-1], ".".join(names)}:
            assert any(f".{names[-1]}: " in note for note in notes), way


@pytest.mark.parametrize(
    ("event", "way", "column"),
    [
        ("workflow_run", ("workflow_run", "status"), "status"),
        ("workflow_run", ("workflow_run", "event"), "event"),
        ("workflow_run", ("workflow_run", "head_branch"), "branchname"),
        ("workflow_job", ("workflow_job", "conclusion"), "conclusion"),
        ("push", ("repository", "default_branch"), "defaultbranch"),
    ],
)
def test_text_that_is_too_long_for_its_column_is_not_known(event: str, way: Way, column: str):
    found = outcome(event, replaced(LEAST[event], way, "x" * 513))
    assert isinstance(found, Mapped)
    (note,) = found.notes
    assert "letters" in note
    rows = (found.repository, *found.rows)
    assert all(row.values.get(column) is None for row in rows)


@pytest.mark.parametrize("event", LEAST)
def test_missing_field_says_the_same_as_a_null(event: str):
    payload = LEAST[event]
    for way in ways(payload):
        if isinstance(way[-1], str):
            null = outcome(event, replaced(payload, way, None))
            assert outcome(event, removed(payload, way)) == null, way


@hypothesis.settings(max_examples=counts.count(100, 5_000))
@given(data=st.data())
def test_missing_field_of_a_recorded_payload_says_the_same_as_a_null(data: st.DataObject):
    case = data.draw(st.sampled_from(sorted(RECORDED)))
    named = [way for way in WAYS[case] if isinstance(way[-1], str)]
    way = data.draw(st.sampled_from(named))
    event, payload = RECORDED[case]
    assert outcome(event, removed(payload, way)) == outcome(event, replaced(payload, way, None))


@pytest.mark.parametrize("event", LEAST)
def test_unread_field_may_hold_anything(event: str):
    expected = outcome(event, LEAST[event])
    for junk in JUNK:
        payload = {**LEAST[event], "sender": junk, "organization": junk, "enterprise": junk}
        payload["repository"] = {**REPOSITORY, "owner": junk, "topics": junk, "license": junk}
        assert outcome(event, payload) == expected


@pytest.mark.parametrize("kind", ["workflow_run", "workflow_job", "repository"])
def test_read_object_says_the_same_as_its_event(kind: str):
    payload = LEAST[kind]
    event, read = events.rows_for(kind, payload), events.rows_read(kind, payload)
    assert read.rows == event.rows
    # The repository itself was read, and not seen in passing: a newer version of the same.
    assert unversioned([read.repository]) == unversioned([event.repository])
