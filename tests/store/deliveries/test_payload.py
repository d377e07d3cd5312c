"""Bytes to a payload."""

import pytest

from rows import Unmappable
from store.deliveries.body import read_payload


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"{}", {}),
        (b' \n{"a": [1, 2.5, true, null]}\r\n', {"a": [1, 2.5, True, None]}),
        ('{"name": "é😀"}'.encode(), {"name": "é😀"}),
        (b'{"name": "\\u00e9\\ud83d\\ude00"}', {"name": "é😀"}),
        (b"payload=%7B%22a%22%3A+1%7D", {"a": 1}),
        (b'payload={"a":"%2B+%C3%A9%26"}', {"a": "+ é&"}),
        (b"payload=%7B%7D&other=1", {}),
        (b'{"a": ' + b"[" * 1000 + b"]" * 1000 + b"}", None),
    ],
)
def test_payload_of_a_json_object_is_read_from_json_and_form(raw: bytes, found: object):
    result = read_payload(raw)
    assert result == found if found is not None else set(result) == {"a"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b"{} {}",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b'{"a": "\\ud800"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xff"}',
        b'{"a": "\x00"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b"payload",
        b"payload=",
        b"payload=%7B",
        b"payload=%FF",
        b"payload=%5B%5D",
        b"other=%7B%7D",
        b"other=1&payload=%7B%7D",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_payload_that_is_not_a_strict_json_object_is_refused(raw: bytes):
    with pytest.raises(Unmappable):
        read_payload(raw)
