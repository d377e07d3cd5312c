"""Two runs of one failure have one fingerprint; two failures have two."""

import pytest

from rows.fingerprint import fingerprint, masked


@pytest.mark.parametrize(
    ("message", "mask"),
    [
        ("got 7, want 8.5", "got <n>, want <n>"),
        ("took -3 of 1,204 in 0.31s", "took <n> of <n> in <n>s"),
        ("commit 8b1a9953c4611296a827abf8c47804d7e6c49c6b", "commit <hash>"),
        ("cache key 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "cache key <hash>"),
        ("read at 0x7ffe5bc0", "read at <hash>"),
        ("at 2026-03-02T12:00:00.123Z: late", "at <time>: late"),
        ("at 2026-03-02 12:00:00,123 late", "at <time> late"),
        ("at 12:00:07.5 late", "at <time> late"),
        ("/home/runner/work/app/src/a.c:4:20: error: x", "<path>:<n>:<n>: error: x"),
        ("D:\\a\\app\\a.c(4,20): error C2065: x", "<path>(<n>): error C2065: x"),
        ("FAILED tests/test_a.py::test_b - x", "FAILED <path>::test_b - x"),
        ("open ../data/x or ./y or ~/z", "open <path> or <path> or <path>"),
        ("GET https://example.org/a/1?b=2 404", "GET <url> <n>"),
        ("error TS2322: of test_case_3", "error TS2322: of test_case_3"),
        ("--- FAIL: TestTotal/two_prices and/or", "--- FAIL: TestTotal/two_prices and/or"),
        ("App\\Tests\\CartTest::testSum", "App\\Tests\\CartTest::testSum"),
        ("  two \t spaces\nand lines ", "two spaces and lines"),
        ("facade decade added", "facade decade added"),
        ("", ""),
    ],
)
def test_what_differs_by_chance_is_masked(message: str, mask: str):
    assert masked(message) == mask


def test_fingerprint_names_its_revision_and_never_changes():
    # printf '%s' 'got <n>, want <n>' | sha256sum | cut -c1-32
    assert fingerprint("got <n>, want <n>") == "1:321e7c9c8931484778885b53fce5abcc"


def test_masked_message_is_bounded():
    assert len(masked("x" * 100_000)) == 2000
