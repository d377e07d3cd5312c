"""A request as the server hands it over."""

from collections.abc import Iterable
from typing import Any

import pytest

from listener.asgi import read
from listener.vendors.head import Refused, join_headers
from tests.listener.asking import run


def test_field_is_found_by_its_name_and_one_given_twice_is_joined():
    pairs = [("X-A", "1"), ("x-b", "ÿ"), ("x-a", "2")]
    assert join_headers(pairs) == {"x-a": "1,2", "x-b": "ÿ"}


@pytest.mark.parametrize(
    "headers", [[("x-a", "1")] * 101, [("x-a", "1" * 16_384)]], ids=["many", "long"]
)
def test_fields_too_many_or_too_long_are_refused(headers: list[tuple[str, str]]):
    with pytest.raises(Refused) as raised:
        join_headers(headers)
    assert raised.value.code == 431


def body_of(pieces: Iterable[dict[str, Any]], length: int | None) -> bytes:
    source = iter(pieces)

    async def receive() -> dict[str, Any]:
        return next(source)

    return run(read({}, receive, length))


def test_body_in_pieces_is_joined():
    pieces = [{"body": b"ab", "more_body": True}, {"more_body": True}, {"body": b"c"}]
    assert body_of(pieces, 3) == b"abc"


@pytest.mark.parametrize("last", [{"type": "http.disconnect"}, {"body": b"c"}])
def test_body_that_ends_before_its_length_is_refused(last: dict[str, Any]):
    with pytest.raises(Refused) as raised:
        body_of([{"body": b"ab", "more_body": True}, last], 4)
    assert raised.value.code == 400
