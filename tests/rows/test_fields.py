"""Odd inputs are read as one type, or noted with the name of their field; keys refuse them."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import Unmappable, fields

READERS = {
    "child": fields.child,
    "children": fields.children,
    "text": fields.text,
    "texts": fields.texts,
    "number": fields.number,
    "flag": fields.flag,
    "sha": fields.sha,
    "moment": fields.moment,
}
EMPTY: dict[str, list[Any]] = {"children": [], "texts": []}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
each_reader = pytest.mark.parametrize("name", READERS)


def read(name: str, value: Any) -> Any:
    """Read `value` as the field `key` of an object called `at`."""
    return READERS[name]({"key": value}, "key", "at")


def refusal(name: str, value: Any) -> str:
    """Return why a value is not read, as it is noted; where it names a row, that is raised."""
    with fields.Noting() as notes:
        read(name, value)
    if name not in EMPTY:
        assert read(name, value) is None
        with pytest.raises(Unmappable) as refused:
            fields.strict(READERS[name], {"key": value}, "key", "at")
        assert (refused.value.field, [str(refused.value)]) == ("at.key", notes)
    (note,) = notes
    return note


@each_reader
def test_missing_field_reads_as_null_does(name: str):
    assert READERS[name]({}, "key", "at") == read(name, None) == EMPTY.get(name)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("child", [], "at.key: wants an object, got a list"),
        ("child", "x", "at.key: wants an object, got 'x'"),
        ("children", {}, "at.key: wants a list, got an object"),
        ("children", [{}, 1], "at.key: wants a list of objects, got a list"),
        ("children", [None], "at.key: wants a list of objects, got a list"),
        ("text", 7, "at.key: wants text, got 7"),
        ("text", True, "at.key: wants text, got True"),
        ("text", {"a": 1}, "at.key: wants text, got an object"),
        ("texts", "abc", "at.key: wants a list, got 'abc'"),
        ("texts", ["a", 1], "at.key: wants text, got 1"),
        ("number", "7", "at.key: wants a whole number, got '7'"),
        ("number", 7.0, "at.key: wants a whole number, got 7.0"),
        ("flag", 1, "at.key: wants true or false, got 1"),
        ("flag", "true", "at.key: wants true or false, got 'true'"),
        ("sha", 7, "at.key: wants a commit hash, got 7"),
        ("moment", "soon", "at.key: wants a time, got 'soon'"),
        ("moment", 1.5, "at.key: wants a time, got 1.5"),
        ("moment", True, "at.key: wants a time, got True"),
        ("moment", [], "at.key: wants a time, got a list"),
    ],
)
def test_wrong_type_is_refused_and_names_the_field(name: str, value: Any, message: str):
    assert refusal(name, value) == message


@each_reader
@given(value=JSON)
def test_any_json_is_read_or_noted(name: str, value: Any):
    with fields.Noting() as notes:
        found = read(name, value)
    if value is not None and found is None and notes == []:
        assert name in ("sha", "moment")  # no commit, no time


def test_refusal_of_a_huge_value_is_short():
    assert len(refusal("number", "x" * 1_000_000)) < 120


@each_reader
def test_value_nested_deeper_than_python_prints_is_refused(name: str):
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    refusal(name, nested)


def test_object_is_given_as_it_is():
    inner = {"a": [1]}
    assert read("child", inner) is inner
    assert read("children", [inner]) == [inner]


@pytest.mark.parametrize("value", ["", " ", "a ", "é", "e\u0301", "😀", "x" * 100_000])
def test_text_is_given_unchanged(value: str):
    assert read("text", value) == value


def test_null_character_is_replaced():
    assert read("text", "a\0\0b") == "a\ufffd\ufffdb"


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", "\udc00\ud800"])
def test_text_with_a_lone_surrogate_is_refused(value: str):
    assert "valid Unicode" in refusal("text", value)
    assert "valid Unicode" in refusal("texts", ["fine", value])


def test_refusal_of_a_lone_surrogate_can_be_stored():
    assert refusal("text", "\ud83d").encode() == b"at.key: wants valid Unicode, got '\\ud83d'"


def test_null_among_texts_is_left_out():
    assert read("texts", ["a", None]) == ["a"]


def test_rest_of_a_list_is_given():
    assert read("texts", ["a", 7, "b"]) == ["a", "b"]
    assert read("children", [{"a": 1}, None, 7, {}]) == [{"a": 1}, {}]


def test_text_longer_than_its_column_is_refused():
    assert fields.text({"key": "x" * 64}, "key", "at", 64) == "x" * 64
    with fields.Noting() as notes:
        assert fields.text({"key": "x" * 65}, "key", "at", 64) is None
    assert notes[0].startswith("at.key: wants at most 64 letters, got 'xxx")


@pytest.mark.parametrize("value", [0, 1, 2**31, 2**40 + 1, 2**53 + 1, 2**63 - 1])
def test_number_up_to_the_widest_column_is_exact(value: int):
    assert read("number", value) == value


@pytest.mark.parametrize("value", [-1, 2**63, 10**40])
def test_number_that_no_column_holds_is_refused(value: int):
    assert "a whole number" in refusal("number", value)


@pytest.mark.parametrize("value", [True, False])
def test_bool_is_a_flag_and_no_number(value: bool):
    assert read("flag", value) is value
    assert "a whole number" in refusal("number", value)


def test_number_with_a_limit_is_refused_above_it():
    source = {"key": 2**31}
    assert fields.number(source, "key", "at", 2**31) == 2**31
    with pytest.raises(Unmappable, match=r"^at\.key: wants a whole number"):
        fields.strict(fields.number, source, "key", "at", 2**31 - 1)


@pytest.mark.parametrize("value", ["0123456789abcdef0123456789abcdef01234567", "0" * 63 + "a"])
def test_sha_of_40_or_64_digits_is_given(value: str):
    assert read("sha", value) == value


@pytest.mark.parametrize("value", ["0" * 40, "0" * 64])
def test_sha_of_zeros_is_no_commit(value: str):
    assert read("sha", value) is None


@pytest.mark.parametrize(
    "value", ["", "a" * 39, "a" * 41, "a" * 63, "a" * 65, "A" * 40, "g" * 40, "a" * 40 + "\n"]
)
def test_text_that_is_no_sha_is_refused(value: str):
    assert "a commit hash" in refusal("sha", value)


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-03-02T12:00:00Z", datetime(2026, 3, 2, 12)),
        ("2026-03-02T12:00:00", datetime(2026, 3, 2, 12)),
        ("2026-03-02T12:00:00.123Z", datetime(2026, 3, 2, 12, 0, 0, 123_000)),
        ("2026-03-02T12:00:00.123456789Z", datetime(2026, 3, 2, 12, 0, 0, 123_456)),
        ("2024-02-22T08:00:17.000-05:00", datetime(2024, 2, 22, 13, 0, 17)),
        ("2026-01-01T00:30:00+05:30", datetime(2025, 12, 31, 19)),
        ("1969-12-31T23:59:59Z", datetime(1969, 12, 31, 23, 59, 59)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59)),
        (1557933657, datetime(2019, 5, 15, 15, 20, 57)),
        (0, datetime(1970, 1, 1)),
        (2**31, datetime(2038, 1, 19, 3, 14, 8)),
        (-1, datetime(1969, 12, 31, 23, 59, 59)),
    ],
)
def test_time_in_each_of_githubs_forms_is_utc_without_zone(value: Any, utc: datetime):
    assert read("moment", value) == utc
    assert read("moment", value).tzinfo is None


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000+05:00", "0001-01-01T00:00:00-05:00"]
)
def test_zero_time_is_no_time(value: str):
    assert read("moment", value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "12:00:00",
        "2026-02-30T00:00:00Z",
        "2026-03-02T12:00:00+99:00",
        "9999-12-31T23:59:59-05:00",
        "\ud800",
        10**12,
        10**30,
        -(10**30),
    ],
)
def test_time_that_does_not_exist_is_refused(value: Any):
    assert "a time" in refusal("moment", value)


def test_key_is_given_also_when_it_is_falsy():
    assert fields.key(fields.number, {"key": 0}, "key", "at") == 0
    assert fields.key(fields.text, {"key": ""}, "key", "at") == ""


def test_key_that_is_missing_is_refused_by_name():
    with pytest.raises(Unmappable, match=r"^at\.key: is missing$"):
        fields.key(fields.number, {}, "key", "at")


def test_flag_is_no_time_though_it_equals_a_number_that_was_read():
    assert read("moment", 1) == datetime(1970, 1, 1, 0, 0, 1)
    assert refusal("moment", True) == "at.key: wants a time, got True"
    assert refusal("moment", 1.0) == "at.key: wants a time, got 1.0"
