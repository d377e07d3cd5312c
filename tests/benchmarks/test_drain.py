"""What is timed is the real drain and the real replay, of all deliveries."""

import re

import pytest

from benchmarks import drain
from benchmarks.drain import fill, line, main
from benchmarks.measuring import WorkTime, median_of, print_beside
from tests import leftovers


@pytest.fixture(autouse=True)
def _servers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what the programme ends at its end be this session's to end."""
    monkeypatch.setattr(leftovers, "close_session", lambda: None)


@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb"], indirect=True)
def test_all_of_a_spool_is_drained_and_replayed(
    engine_name: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["--engines", engine_name, "--deliveries", "450"]) == 0
    out = capsys.readouterr().out
    assert 5 < float(re.findall(r"^450 deliveries of ([\d.]+) KB", out)[0]) < 15
    cells = [one.split(" | ") for one in out.splitlines() if one.endswith("450 |")]
    assert [(*one[:2], one[-1]) for one in cells] == [
        (f"| {engine_name}", "drain", "450 |"),
        (f"| {engine_name}", "replay", "450 |"),
    ]


def test_delivery_that_does_not_arrive_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(drain, "fill", lambda folder, number: fill(folder, 20))
    assert main(["--engines", "sqlite", "--deliveries", "21", "--rounds", "1"]) == 1
    assert "| 20 |" in capsys.readouterr().out


def test_profile_names_what_took_the_time(capsys: pytest.CaptureFixture[str]):
    assert main(["--engines", "sqlite", "--deliveries", "20", "--profile"]) == 0
    assert "store_all" in capsys.readouterr().out


def test_median_is_of_each_time_and_beside_mariadb_of_pairs(capsys: pytest.CaptureFixture[str]):
    slow, fast = WorkTime(4.0, 2.0, 1.0), WorkTime(2.0, 1.0, 0.5)
    odd = WorkTime(9.0, 1.5, 0.5)
    assert median_of([slow, fast, odd]) == WorkTime(4.0, 1.5, 0.5)
    print_beside({
        ("drain", "mariadb"): [slow, fast, odd],
        ("drain", "postgresql"): [fast, fast, fast],
        ("drain", "sqlite"): [],
    })  # fmt: skip
    assert capsys.readouterr().out == (
        "postgresql beside mariadb, drain: 2.00 of its rate, by processors 1.33\n"
    )


def test_line_has_times_of_one_delivery():
    assert line("mysql", "drain", 1000, WorkTime(0.5, 0.4, 0.25), 999) == (
        "| mysql | drain | 2000 | 0.40 ms | 0.25 ms | 999 |"
    )
