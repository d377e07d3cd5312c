"""The problem that a message tells of: the same in many tests, and never too little to say."""

import random
from functools import partial

import pytest

from rows.masking import masked
from rows.problem import problem_of
from tests.rows.log_reading.timing import least_seconds


def tell(message: str) -> str:
    return problem_of(message, masked(message))


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("--- FAIL: TestA/b (0.00s)\n    a_test.go:12: no lease 7", "no lease <n>"),
        ("FAILED tests/t.py::test_b[a b-1.5] - ValueError: bad width", "ValueError: bad width"),
        ("E       ValueError: bad width", "ValueError: bad width"),
        ("____ TestCart.test_stack ____\nE   ValueError: bad width", "ValueError: bad width"),
        ("FAIL: test_a (tests.T)\nOSError: broker is down", "OSError: broker is down"),
        ("● Cart › adds\nTypeError: items is undefined", "TypeError: items is undefined"),
        ("  1) cart\n  adds two:\n  Error: Timeout of 2000ms", "Error: Timeout of <n>s"),
        (
            "1) App\\Tests\\CartTest::testPage\nLogicException: no kernel",
            "LogicException: no kernel",
        ),
        ("1) Error:\nCartTest#test_sum:\nRuntimeError: no server", "RuntimeError: no server"),
        ("[ERROR]   CartTest.sums:33 » Connect Broker is away", "Connect Broker is away"),
        ("CartTest > sums() FAILED\n  a.StateException: no bean", "a.StateException: no bean"),
        ("thread 'a::b' panicked at src/a.rs:3:5:\nno such user: 7", "no such user: <n>"),
        ("not ok 3 - parses\nError: Unexpected token", "Error: Unexpected token"),
        ("  Failed Shop.CartTest.Sums [12 ms]\n  Broker is away", "Broker is away"),
        ("main.go:3:4: undefined: foo", "undefined: foo"),
        ("src/a.c:3:4: error: no semicolon", "<path>:<n>:<n>: error: no semicolon"),
        ("index.html is missing", "index.html is missing"),
    ],
)
def test_problem_is_the_message_without_its_test(message: str, problem: str):
    assert tell(message) == problem


@pytest.mark.parametrize(
    "message",
    [
        "--- FAIL: TestA (0.00s)",
        "--- FAIL: TestA (0.00s)\n    a_test.go:12: got 3, want 4",
        "FAILED tests/t.py::test_b - AssertionError:",
        "FAILED tests/t.py::test_b - assert cart == [1]",
        "FAIL: test_a (tests.T)\nAssertionError: 3 != 4",
        "1) App\\Tests\\CartTest::testSum\nFailed asserting that two arrays are equal.",
        "● Cart › adds\nexpect(received).toBe(expected) // Object.is equality",
        "[ERROR]   CartTest.sums:33 » NullPointer",
        "CartTest > sums() FAILED\n    java.lang.NullPointerException",
        "CartTest > sums() FAILED\n    a.AssertionFailedError: expected: <3> but was: <4>",
        "--- FAIL: TestA (0.00s)\n    src/a_test.go:12",
    ],
)
def test_message_that_says_nothing_without_its_test_is_its_own_problem(message: str):
    assert tell(message) == masked(message)


HARD = ("a.", "A.b", "1) ", ":1", "->", "FAILED ", "E ", "- ", "<n", "_", "::a[", " > ", "<", ".py")


def test_problem_takes_a_time_that_grows_with_the_length_alone():
    chance = random.Random(1)
    texts = [piece * 2000 for piece in HARD] + [f"[ERROR] {piece * 2000}" for piece in HARD]
    texts += ["".join(chance.choices((*HARD, "\n"), k=1500)) for _ in range(20)]
    for text in texts:
        mask = masked(text)
        assert least_seconds(partial(problem_of, text, mask)) < 0.25
