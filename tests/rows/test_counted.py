"""Numbers with their words, in all that commands print."""

import ast
import re
from pathlib import Path

import pytest

from rows.counted import counted

ROOT = Path(__file__).resolve().parents[2]
NOUNS = (
    "lines rows runs jobs files calls deliveries findings snapshots branches points attempts"
    " pipelines statements problems commits repositories nights days"
)
PLURAL = re.compile(rf"\s(?:failed |acknowledged )?(?:{'|'.join(NOUNS.split())})\b(?! (?:at|to)\b)")
SEVERAL = {
    "backfill/github/run_details.py", "backfill/pipeline/progress_bars.py", "dashboard/digest.py",
    "dashboard/pages/nights.py", "dashboard/pages/time_filter.py", "dashboard/web/filters.py",
    "feedrunner/messages.py",
}  # fmt: skip
"""Where it is more than one whenever it is said, or a limit."""


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (1204, ("row",), "1,204 rows"),
        (1, ("delivery is", "deliveries are"), "1 delivery is"),
        (2, ("delivery is", "deliveries are"), "2 deliveries are"),
    ],
)
def test_one_thing_has_no_s(number: int, words: tuple[str, ...], said: str):
    assert counted(number, *words) == said


def list_plurals(file: Path) -> list[str]:
    """Return what a file says of a number without `counted`."""
    return [
        str(part.value)
        for text in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for before, part in zip(text.values, text.values[1:], strict=False)
        if isinstance(before, ast.FormattedValue)
        and isinstance(before.value, ast.Name | ast.Attribute | ast.Call)
        and isinstance(part, ast.Constant)
        and PLURAL.match(str(part.value))
    ]


def test_every_number_that_a_command_prints_has_a_singular():
    rooms = "alerts backfill dashboard feedrunner lake listener store".split()
    said = {
        str(file.relative_to(ROOT)): plurals
        for room in rooms
        for file in (ROOT / room).rglob("*.py")
        if (plurals := list_plurals(file)) and str(file.relative_to(ROOT)) not in SEVERAL
    }
    assert said == {}
