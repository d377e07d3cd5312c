"""What differs by chance between two runs of one failure is masked, and nothing else."""

import random
import string
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rows.masking import masked
from tests.rows.labelled import read_labelled
from tests.rows.log_reading.timing import least_seconds


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
        ("GET https://example.org/a/1?b=2 404", "GET <url:example.org> <n>"),
        ("GET https://key:secret@A7.example.org:8443?q", "GET <url:a<n>.example.org>"),
        ("dial tcp://10.0.0.7:53/x", "dial <url:<n>>"),
        ("read file:///home/x", "read <url>"),
        ("--- FAIL: TestV/local_0.14.0,_x (0.31s)", "--- FAIL: TestV/local_0.14.0,_x (<n>s)"),
        ("--- FAIL: TestW/local_0.15.0,_x (12.4s)", "--- FAIL: TestW/local_0.15.0,_x (<n>s)"),
        ("--- FAIL: TestV/2026-03-02T12:00:00Z", "--- FAIL: TestV/<time>"),
        ("=== RUN   TestV/a_1.5/b", "=== RUN TestV/a_1.5/b"),
        ("FAILED a/test_b.py::test_c[x/y.z 1.5] - 2", "FAILED <path>::test_c[x/y.z 1.5] - <n>"),
        ("2.64275629158206e-10, 2.5e-10, 1e-05, 1E5", "<n>, <n>, <n>, <n>"),
        ("commit 1234567, commit 2e12345", "commit <hash>, commit <hash>"),
        ("at 8B1A9953C4611296A827ABF8C47804D7", "at <hash>"),
        ("took 1m23.4s, 59s, 5 ms, 2h, 1h2m3s", "took <n>s, <n>s, <n>s, <n>s, <n>s"),
        ("cat: /w/7/READ2.md: No such file", "cat: <path:READ<n>.md>: No such file"),
        ("cat: C:\\w\\READ.md: No such file", "cat: <path:READ.md>: No such file"),
        ("cannot open shard-12.bin", "cannot open shard-<n>.bin"),
        ("cannot open /tmp/tmp8x_3k2af", "cannot open <path:<hash>>"),
        ("cannot open /x/8b1a9953-0000-1111-2222-333344445555.sh", "cannot open <path:<hash>.sh>"),
        ("a/b.c:3:1: x.h: No such file", "<path>:<n>:<n>: x.h: No such file"),
        ("/t/x.sh: line 3: ./y.sh: No such file", "<path>: line <n>: <path:y.sh>: No such file"),
        ('File "/a/b.py", line 3: file not found', 'File "<path>", line <n>: file not found'),
        ("FAIL src/cart.test.ts", "FAIL <path:cart.test.ts>"),
        ("\\\\host\\share\\x and /a//b.c", "<path> and <path>"),
        ("error TS2322: of test_case_3", "error TS2322: of test_case_3"),
        ("--- FAIL: TestTotal/two_prices and/or", "--- FAIL: TestTotal/two_prices and/or"),
        ("App\\Tests\\CartTest::testSum", "App\\Tests\\CartTest::testSum"),
        ("  two \t spaces\nand lines ", "two spaces and lines"),
        ("facade decade added", "facade decade added"),
        ("Mar  2 10:00:00 h: x, Mon, 02 Mar 2026 10:00:00 GMT", "<time> h: x, <time>"),
        ("20260302T101112Z x at 1:00:00 AM, in May", "<time> x at <time>, in May"),
        ("12.4 GiB, 900 kB, 7.8Gi, 3145728KB", "<n>B, <n>B, <n>B, <n>B"),
        ("3m, 1 minute, 2.5 minutes, 30 seconds", "<n>s, <n>s, <n>s, <n>s"),
        ("HTTP 403, returned error: 503", "HTTP <http403>, returned error: <http503>"),
        ("status code 404 of 7, status 137", "status code <http404> of <n>, status <n>"),
        ("killed by signal 11", "killed by signal <signal11>"),
        ('pods "cart-7d9f8b6c5-x2x4z"', 'pods "cart-<hash>"'),
        ("migrate-28491234-k2x9p failed", "migrate-<hash> failed"),
        ("The runner linux-q7x2z is lost", "The runner linux-<hash> is lost"),
        ("pod shop-http2 and shop-mysql", "pod shop-http2 and shop-mysql"),
        ("lib-x2mp4 and shop-http2", "lib-x2mp4 and shop-http2"),
        ("pod ci/runner-ab3-xyz-project-12-concurrent-0-lk2j5", "pod ci/<hash>"),
        ("RequestID: 4X7BPQ2RZ3V5EJ9K, x", "RequestID: <hash>, x"),
        ("trace id=a+b/c1d2e3, session id: unknown", "trace id=<hash>, session id: unknown"),
        ("id 0401:1A2B:3C4D5E:6F7A8B:65E1F2A3 and 01HQ3Z5K8V9X2M4N6P", "id <hash> and <hash>"),
        ("sha256-eP7PRxnoKuxfwXoRQN8YsHwaZA0/NsO= differs", "<hash> differs"),
        ("eyJhbGciOiJ9.eyJzdWIiOiI.abc-D expired", "<hash> expired"),
        ("shop.Cart@1a2b3c is none of left-pad@12345", "shop.Cart@<hash> is none of left-pad@<n>"),
        ("shop_db_1f2e3d4c5b6a, gw3, fv-az12-345", "shop_db_<hash>, gw<n>, fv-az<n>"),
        ("", ""),
    ],
)
def test_what_differs_by_chance_is_masked(message: str, mask: str):
    assert masked(message) == mask


def test_masked_message_is_bounded():
    assert len(masked("x" * 100_000)) == 2000


PIECES = st.one_of(
    st.sampled_from(
        "/ \\ . ~ - + : :: , e E @ ' < > ( [ ] x 5 -7 1.5 1e-5 a1b2c3d4 /tmp/a ./b c/d.e https://h7/x"
        " 12:00:07 2026-03-02 FAIL <n> <path> <path:a> .py .py:: 5m3s é \n".split(" ")
    ),
    st.sampled_from(
        [
            "--- FAIL: ",
            " no such file ",
            " line 3",
            "commit ",
            "file.py::t[",
            " cannot open a1.b2",
            " status 404",
            "Mar 2 ",
            " pod ",
            "a-x2x4z",
            " trace id=a1b2c3",
            " signal 9",
            "_1f2e3d4c5b6a",
        ]
    ),
    st.text(max_size=3),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
@example("5~/x")
@example("5 " * 1500)
@example("cat: a1.b: \nno such\nfile")
def test_masking_again_changes_nothing(text: str):
    assert masked(masked(text)) == masked(text)


def test_masking_again_changes_nothing_of_what_tools_say():
    for labelled in read_labelled():
        mask = masked(labelled.message)
        assert masked(mask) == mask


NUMBER = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)).map(str)
SPAN = st.tuples(st.integers(1, 59), st.integers(0, 59)).map(lambda two: f"{two[0]}m{two[1]}s")
HASH = st.text("0123456789abcdef", min_size=40, max_size=40)
NAMES = st.lists(st.text(string.ascii_letters + string.digits, min_size=1), min_size=2, max_size=6)
UNIX = NAMES.map(lambda names: "/" + "/".join(names))
WINDOWS = NAMES.map(lambda names: "D:\\" + "\\".join(names))
TIMES = st.datetimes().map(lambda time: time.isoformat() + "Z")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("wants 7, got {}", NUMBER),
        ("it took {} and ended", SPAN),
        ("at commit {}: conflict", HASH),
        ("in {}: bad syntax", UNIX),
        ("in {}: bad syntax", WINDOWS),
        ("at {} the lease ended", TIMES),
        ("GET https://example.org{} fails", UNIX),
        ("cat: {}/README.md: No such file or directory", UNIX),
    ],
)
def test_messages_that_differ_by_chance_are_one(text: str, values: st.SearchStrategy[str]):
    @settings(max_examples=60, deadline=None)
    @given(values, values)
    def check(one: str, other: str) -> None:
        assert masked(text.format(one)) == masked(text.format(other))

    check()


HARD = (
    "a/",
    "/",
    "\\",
    "1.",
    "a1-",
    "1e",
    "x.py::[",
    "~/.",
    "0-",
    "f",
    "://",
    "a@",
    "5~/x",
    "a-1.",
    "Mar 1 ",
    "eyJa",
    "status 4",
    "trace id=",
    "pod a-2b",
    "1A2B:",
    "a_1f@",
)


def test_masking_takes_a_time_that_grows_with_the_length_alone():
    chance = random.Random(1)
    texts = [piece * 2000 for piece in HARD] + [f"cannot open {piece * 2000}" for piece in HARD]
    texts += ["".join(chance.choices(HARD, k=1500)) for _ in range(20)]
    for text in texts:
        assert least_seconds(partial(masked, text)) < 0.25
