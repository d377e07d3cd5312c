"""What a log line may look like, whoever wrote into it."""

import logging
import re

import pytest

from runtime.log import LineFormatter


def line(message: str, secrets: tuple[str, ...] = (), error: Exception | None = None, **fields):
    """Return the line of one record."""
    record = logging.LogRecord("listener", logging.WARNING, __file__, 1, message, (), None)
    record.created = 1_795_305_807.25
    record.fields = fields
    record.exc_info = None if error is None else (type(error), error, error.__traceback__)
    return LineFormatter(secrets).format(record)


def test_line_holds_time_level_message_and_fields():
    found = line("applied", event="push", code=200, ms=3.5, why=None)
    assert found == (
        "time=2026-11-22T00:03:27.250Z level=warning msg=applied event=push code=200 ms=3.5"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("octo-org/octo-repo", "octo-org/octo-repo"),
        ("two words", '"two words"'),
        ('say "x"', r'"say \"x\""'),
        ("a=b", '"a=b"'),
        ("", '""'),
        ("one\ntwo", r'"one\ntwo"'),
        ("one\ntime=0 level=info msg=forged", r'"one\ntime=0 level=info msg=forged"'),
        ("\x1b[31mred\x7f\x9b", r'"\u001b[31mred\u007f\u009b"'),
        ("caf\u00e9 \u2028 \U0001f600", r'"caf\u00e9 \u2028 \ud83d\ude00"'),
        ("\udc80", r'"\udc80"'),
        ("x" * 301, "x" * 300 + "..."),
    ],
)
def test_value_cannot_break_out_of_its_place(value: str, shown: str):
    found = line("m", repo=value)
    assert found.partition(" repo=")[2] in (shown, f'"{shown}"')
    assert re.fullmatch("[ -~]+", found)


def test_long_values_are_cut_each_for_itself():
    found = line("m", first="a" * 200, second="b" * 200, third="c" * 301)
    assert found.endswith(f" first={'a' * 200} second={'b' * 200} third={'c' * 300}...")


def test_message_of_a_library_cannot_break_the_line():
    assert line("Invalid request\r\nfrom \x00").endswith(r'msg="Invalid request\r\nfrom \u0000"')


@pytest.mark.parametrize(
    "token",
    [
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11AAAAAAA0_abcdefgh",
        "glpat-abcdefghij0123456789",
    ],
)
def test_token_of_any_vendor_is_starred(token: str):
    assert line("m", why=f"bad {token}!").endswith('why="bad ***!"')


def test_secret_of_ours_is_starred_wherever_it_turns_up():
    found = line("cannot log in with hunter22", ("hunter22", "pa ss"), cause="x pa ss y")
    assert found.endswith('msg="cannot log in with ***" cause="x *** y"')


def test_secret_too_short_to_be_one_eats_no_words():
    assert line("pushed", ("pus",)).endswith("msg=pushed")


def test_secret_that_comes_later_is_starred_from_then_on():
    lines = LineFormatter(["the old key"])
    record = logging.LogRecord("listener", logging.INFO, __file__, 1, "the newer key", (), None)
    assert "newer" in lines.format(record)
    lines.hide(["the newer key"])
    assert lines.format(record).endswith("msg=***")


def test_trace_names_the_place_and_not_what_was_sent():
    def read_field(value: str) -> None:
        raise TypeError(value)

    try:
        read_field("out of a payload")
    except TypeError as error:
        found = line("a mapping broke", error=error)
    assert " error=TypeError trace=" in found
    assert "in read_field" in found
    assert "\n" not in found
    assert found.count("out of a payload") == 1  # this file's own line that calls it
