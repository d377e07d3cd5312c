"""Recorded payloads with anything in any field: never a 5xx, and never a row out of nothing."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rows.github.events import EVENTS
from tests import counts
from tests.listener.conftest import Deliver
from tests.listener.sending import FIXTURES, FORM, as_form
from tests.listener.stored import counted

Path = tuple[str | int, ...]


def examples(part: int, whole: int) -> settings:
    """Return how many examples to try, here and in `make test-all`."""
    return settings(
        max_examples=counts.count(part, whole),
        # Rows of one example do not matter to the next: each delivery has a guid of its own.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def payloads() -> list[tuple[str, Any]]:
    """Return the recorded payloads that fill tables, each with its event."""
    files = sorted(FIXTURES.glob("*/*.json"))
    return [
        (event, json.loads(file.read_bytes()))
        for file in files
        if (event := file.stem.partition("__")[0]) in EVENTS
    ]


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Return the way to every value within a value."""
    items: Any = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else items:
        yield (*at, key)
        yield from paths(inner, (*at, key))


RECORDED = {
    event: [(payload, list(paths(payload))) for of, payload in payloads() if of == event]
    for event in EVENTS
}

ODD = st.one_of(
    st.sampled_from(
        [None, True, False, 0, -1, 1.5, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)]
    ),
    st.sampled_from(["", " ", "\x00", "x" * 300, "x" * 1100, "\U0001f600" * 70, "'\"`;--\\", "%s"]),
    st.sampled_from(["0000-00-00T00:00:00Z", "9999-12-31T23:59:59-23:59", "2024-02-30", "1e400"]),
    st.sampled_from(["queued", "completed", "action_required", "0" * 40, "f" * 64, "refs/heads/"]),
    st.sampled_from([[], {}, [[]], [{}], [None], {"id": {}}, {"": 0}, [0] * 300]),
    st.text(max_size=20),
    st.integers(-(2**63), 2**64 - 1),
)
GONE = object()


@st.composite
def mutated(draw: Callable[..., Any], event: str) -> Any:
    """Return a payload of the event with one to four values replaced or removed."""
    payload, ways = draw(st.sampled_from(RECORDED[event]))
    payload = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 4))):
        *outer, last = draw(st.sampled_from(ways))
        replace(payload, outer, last, draw(st.one_of(st.just(GONE), ODD)))
    return payload


def replace(payload: Any, outer: list[str | int], last: str | int, value: Any) -> None:
    """Put a value where the way leads, if it still leads somewhere."""
    try:
        for key in outer:
            payload = payload[key]
        if value is GONE:
            del payload[last]
        else:
            payload[last] = copy.deepcopy(value)  # a later step may change it
    except (KeyError, IndexError, TypeError):
        return


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@examples(40, 3_400)  # of each of the six events: 20,400
@given(data=st.data(), form=st.booleans())
def test_mutated_delivery_is_stored_or_quarantined(
    deliver: Deliver, event: str, data: st.DataObject, form: bool
):
    assert_stored_or_quarantined(deliver, event, data.draw(mutated(event)), form)


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
@examples(60, 2_000)
@given(data=st.data(), event=st.sampled_from(list(EVENTS)), form=st.booleans())
def test_mutated_delivery_is_stored_or_quarantined_on_servers_too(
    deliver: Deliver, event: str, data: st.DataObject, form: bool
):
    assert_stored_or_quarantined(deliver, event, data.draw(mutated(event)), form)


def assert_stored_or_quarantined(deliver: Deliver, event: str, payload: Any, form: bool) -> None:
    body = json.dumps(payload).encode()
    answer = deliver(event, as_form(body), Content_Type=FORM) if form else deliver(event, body)
    assert (answer.status_code, answer.json["status"]) in [(200, "applied"), (202, "quarantined")]


def is_object(body: bytes) -> bool:
    """Tell whether bytes happen to be a JSON object: `{}` is drawn, since it stands in our code."""
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@examples(100, 2_000)
@given(
    event=st.sampled_from([*EVENTS, "ping", "star", "what"]),
    body=st.binary(min_size=1, max_size=200).filter(lambda body: not is_object(body)),
)
def test_bytes_that_are_no_object_leave_no_row(
    deliver: Deliver, engine: sa.Engine, event: str, body: bytes
):
    assert deliver(event, body).status_code == 400
    assert counted(engine) == {}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@examples(100, 2_000)
@given(
    event=st.sampled_from([*EVENTS, "star", "what"]),
    payload=st.dictionaries(
        st.sampled_from(["action", "repository", "workflow_run", "ref", "changes", "x"]),
        st.recursive(ODD, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
    ),
)
def test_object_that_is_no_payload_is_quarantined_or_ignored(
    deliver: Deliver, engine: sa.Engine, event: str, payload: Any
):
    answer = deliver(event, json.dumps(payload).encode())
    wanted = (202, "quarantined") if event in EVENTS else (200, "ignored")
    assert (answer.status_code, answer.json["status"]) == wanted
    assert counted(engine).keys() == {"deliveries"}
