"""Each answer's body is its JSON, and its head has the lines that it needs."""

import json

import pytest

from listener.intake import answers
from listener.intake.answers import Answer

ALL = [
    *(answers.ALIVE, answers.NOT_READY, answers.PONG, answers.SPOOLED, answers.UNAVAILABLE),
    *(
        answers.stored("applied"),
        answers.stored("duplicate"),
        answers.ignored("not watched", ["o/*"]),
    ),
    *(answers.quarantined("a \u2028 text"), answers.refused(401, "unsigned")),
]


@pytest.mark.parametrize("answer", ALL, ids=lambda answer: answer.status)
def test_body_is_the_answer_as_json(answer: Answer):
    assert json.loads(answer.text) == answer.body
    assert answer.text.isascii()


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize(("code", "more"), [(200, b""), (503, b"retry-after: 30\r\n")])
def test_head_says_how_long_the_body_is_and_what_is_next(code: int, more: bytes, is_kept: bool):
    found = answers.head_lines(code, 21, is_kept)
    assert found == (
        b"content-type: application/json\r\n"
        b"content-length: 21\r\n"
        b"x-content-type-options: nosniff\r\n"
        b"cache-control: no-store\r\n" + more + (b"" if is_kept else b"connection: close\r\n")
    )
