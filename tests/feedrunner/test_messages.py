"""Lines of a feed: what is taken, and what each wrong one says."""

from datetime import datetime

import pytest

from feedrunner.messages import (
    Allowed,
    BadLine,
    Record,
    State,
    WholeStream,
    lines_of,
    read_messages,
)

ALLOWED = Allowed(frozenset(["packages", "versions", "points"]), "shop", 10)


def read(*lines: bytes) -> list:
    return list(read_messages(lines, ALLOWED))


def test_messages_of_each_type_are_read_with_their_lines():
    got = read(
        b'{"type":"SCHEMA","stream":"packages","schema":{"properties":{"name":{}}}}',
        b'{"type":"RECORD","stream":"packages","record":{"manager":"shop","name":"apple"},'
        b'"time_extracted":"2026-11-28T00:00:00Z","version":7}\r',
        b"",
        b'{"type":"RECORD","stream":"points","record":'
        b'{"series":"a","time":"2026-11-23T01:00:00.5+01:00","value":1,"labels":{"os":"mac"}}}',
        b'{"type":"STATE","value":{"at":[1]}}',
        b'{"type":"ACTIVATE_VERSION","stream":"packages","version":17}',
    )
    point = {"time": datetime(2026, 11, 23, 0, 0, 0, 500000), "value": 1.0, "labels": {"os": "mac"}}
    assert got == [
        Record(2, "packages", {"name": "apple"}, 133),
        Record(4, "points", {"series": "a", **point}, 128),
        State(5, '{"at":[1]}'),
        WholeStream(6, "packages"),
    ]


def test_byte_order_mark_may_begin_what_is_printed_and_no_later_line():
    mark = b"\xef\xbb\xbf"
    assert [*lines_of([mark + b"{}\r\n[", b"]\n"])] == [[b"{}\r"], [b"[]"]]
    assert [*lines_of([b"{}\n" + mark + b"{}"])] == [[b"{}"], [mark + b"{}"]]


@pytest.mark.parametrize(
    ("spelled", "time"),
    [
        ("2017-11-30 04:00:19.334919+00", datetime(2017, 11, 30, 4, 0, 19, 334919)),
        ("2017-11-30 04:00:19+00", datetime(2017, 11, 30, 4, 0, 19)),
        ("2017-11-30T04:00:19", datetime(2017, 11, 30, 4, 0, 19)),
        ("2017-11-30T04:00:19-0230", datetime(2017, 11, 30, 6, 30, 19)),
        ("2017-11-30", datetime(2017, 11, 30)),
    ],
)
def test_times_of_registries_are_read(spelled: str, time: datetime):
    line = b'{"type":"RECORD","stream":"points","record":{"series":"a","time":"%s"}}'
    assert read(line % spelled.encode())[0].values["time"] == time


WRONG = [
    (b"Collecting shop==1.0", "line 1: is no JSON: 'Collecting shop==1.0' (only lines of JSON"),
    (b'{"type":"STATE","value":{"a":NaN}}', "line 1: value.a: is NaN, which is no JSON: say null"),
    (
        b'{"type":"STATE","value":{"a":-Infinity}}',
        "line 1: value.a: is -Infinity, which is no JSON: say null",
    ),
    (
        b'{"type":"RECORD","stream":"points","record":{"series":"NaN","value":[1,NaN]}}',
        "line 1: points.value: is NaN, which is no JSON: say null",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":"a\\ud800b"}}',
        "line 1: packages.name: holds half of a letter (a lone surrogate)",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":"a\xed\xa0\x80b"}}',
        "line 1: packages.name: holds half of a letter (a lone surrogate)",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":"a\0b"}}',
        "line 1: packages.name: holds U+0000 as it is, which is no JSON",
    ),
    (b'{"type":"RECORD","stream":"packages","record":{"name":"caf\xe9"}}', "line 1: is not UTF-8"),
    (b'{"type":"RECORD","record":' + b"[" * 99_999, "line 1: is no JSON (depth limit exceeded"),
    (rb'{"type":"STATE","value":{"a":"\ud800"}}', "line 1: value.a: holds half of a"),
    (b"[1]", "line 1: is no JSON object"),
    (b'{"type":"BATCH"}', "line 1: type is not one of RECORD, STATE, SCHEMA, ACTIVATE_VERSION"),
    (b'{"type":"STATE","value":1}', "line 1: STATE: value is no object"),
    (b'{"type":"RECORD","stream":"runs","record":{}}', "line 1: stream: 'runs' is not one of"),
    (b'{"type":"RECORD","stream":"provides","record":{}}', "line 1: stream: the manifest does not"),
    (b'{"type":"RECORD","stream":"packages","record":[]}', "line 1: packages: record is no object"),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":"a","nmae":"b"}}',
        "line 1: packages.nmae: no such column",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"readme":"b"}}',
        "line 1: packages.name: is missing",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":null}}',
        "line 1: packages.name: is missing",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":7}}',
        "line 1: packages.name: is a number, not text",
    ),
    (
        rb'{"type":"RECORD","stream":"packages","record":{"name":"a\u0000b"}}',
        "line 1: packages.name: holds U+0000",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":"' + b"a" * 513 + b'"}}',
        "line 1: packages.name: is longer than 512 letters",
    ),
    (
        b'{"type":"RECORD","stream":"packages","record":{"name":"a","manager":"npm"}}',
        "line 1: packages.manager: is not shop",
    ),
    (
        b'{"type":"RECORD","stream":"versions","record":'
        b'{"package":"a","version":"1","size":9223372036854775808}}',
        "line 1: versions.size: is too large",
    ),
    (
        b'{"type":"RECORD","stream":"versions","record":'
        b'{"package":"a","version":"1","size":1180591620717411303424}}',
        "line 1: versions.size: is too large",
    ),
    (
        b'{"type":"RECORD","stream":"versions","record":{"package":"a","version":"1","yanked":1}}',
        "line 1: versions.yanked: is a number, not true or false",
    ),
    (
        b'{"type":"RECORD","stream":"points","record":{"series":"a","time":"yesterday"}}',
        "line 1: points.time: is a text, not a time as in 2026-11-23T00:00:00Z",
    ),
    (
        b'{"type":"RECORD","stream":"points","record":{"series":"a","time":"2026-02-30"}}',
        "line 1: points.time: is no time of the calendar",
    ),
    (
        b'{"type":"STATE","value":{"a":' + b"[" * 600 + b"]" * 600 + b"}}",
        "line 1: STATE: value is nested too deep",
    ),
    (b'{"type":"STATE","value":{"a":"' + b"a" * 2**20 + b'"}}', "line 1: is longer than 1048576"),
]


@pytest.mark.parametrize(("line", "why"), WRONG, ids=[why[8:40] for _, why in WRONG])
def test_wrong_line_is_named_with_stream_and_column(line: bytes, why: str):
    with pytest.raises(BadLine) as error:
        read(line)
    assert str(error.value).startswith(why)


def test_line_after_good_ones_is_named_by_its_number():
    good = b'{"type":"RECORD","stream":"packages","record":{"name":"a"}}'
    with pytest.raises(BadLine, match=r"^line 3: "):
        read(good, good, b"x")


def test_rows_beyond_the_limit_end_the_load():
    good = b'{"type":"RECORD","stream":"packages","record":{"name":"a"}}'
    with pytest.raises(BadLine, match=r"^line 11: more than 10 rows: see limits.rows$"):
        read(*[good] * 11)
