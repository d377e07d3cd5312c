"""`--explain`: a log in a file is explained, without a database."""

import io
import json
import sys
from pathlib import Path

import pytest

from backfill.cli import main

LOG = """\
2026-03-02T12:00:01.0000000Z ##[group]Run make
2026-03-02T12:00:01.1000000Z ##[endgroup]
2026-03-02T12:00:02.0000000Z cc -c a.c
2026-03-02T12:00:02.1000000Z src/a.c:3:5: error: no semicolon
2026-03-02T12:00:02.2000000Z make: *** [all] Error 1
2026-03-02T12:00:02.3000000Z ##[error]Process completed with exit code 2.
"""
END = (
    "##[group]Run x\n##[endgroup]\nthe index is stale\n"
    "##[error]Process completed with exit code 1.\n"
)


def explained(tmp_path: Path, capsys: pytest.CaptureFixture[str], log: str, *more: str) -> str:
    path = tmp_path / "job.log"
    path.write_text(log)
    assert main(["--explain", str(path), *more]) == 0
    return capsys.readouterr().out


def test_log_is_explained_by_its_message_its_rule_and_what_else_was_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shown, message, at, pattern, *others = explained(tmp_path, capsys, LOG).splitlines()
    assert shown == '1. shown: line 4, rule "gcc", rank 2 (placed)'
    assert (message, at) == ("    src/a.c:3:5: error: no semicolon", "  at src/a.c, line 3")
    assert pattern.startswith("  pattern: ^")
    assert others == [
        "other candidates:",
        '  line 5, rule "make", rank 9 (vague): make: *** [all] Error 1',
        '  line 6, rule "exit code", rank 10 (exit code): Process completed with exit code 2.',
    ]


def test_end_of_a_step_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    first = explained(tmp_path, capsys, END).splitlines()[0]
    assert (
        first == '1. the step ended with: line 3, rule "end of the step", rank 7 (end of the step)'
    )


def test_log_that_says_nothing_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert explained(tmp_path, capsys, "") == "nothing in this log says why it failed\n"


def test_log_is_explained_to_programmes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    told = json.loads(explained(tmp_path, capsys, LOG, "--json"))
    (first,) = told["shown"]
    assert (first["message"], first["kind"]) == ("src/a.c:3:5: error: no semicolon", "cause")
    assert (first["rule"], first["logline"], first["path"]) == ("gcc", 4, "src/a.c")
    assert [other["rule"] for other in told["others"]] == ["make", "exit code"]


def test_standard_input_is_a_log_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG.encode())))
    assert main(["--explain", "-"]) == 0
    assert 'line 4, rule "gcc"' in capsys.readouterr().out


@pytest.mark.parametrize("path", ["no-such.log", "."])
def test_file_that_cannot_be_read_is_named(path: str, capsys: pytest.CaptureFixture[str]):
    assert main(["--explain", path]) == 2
    assert capsys.readouterr().err.startswith(
        f"local-database.py: --explain: {path} cannot be read ("
    )


def test_flags_without_an_effect_are_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["--explain", "x", "--audit"]) == 2
    assert main(["--explain", "x", "--since", "1d"]) == 2
    assert "has no effect with" in capsys.readouterr().err
