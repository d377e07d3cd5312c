"""What is timed is the real drain and the real replay, of all deliveries."""

from pathlib import Path

import pytest

from benchmarks.drain import bench, fill, line
from benchmarks.measuring import WorkTime
from store.deliveries.spool import Spool


@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb"], indirect=True)
def test_all_of_a_spool_is_drained_and_replayed(
    engine_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    size = fill(tmp_path / "spool", 450)
    assert 5_000 < size < 15_000
    assert bench(engine_name, tmp_path, 450, is_profiled=False)
    cells = [one.split(" | ") for one in capsys.readouterr().out.splitlines()]
    assert [(*one[:2], one[-1]) for one in cells] == [
        (f"| {engine_name}", "drain", "450 |"),
        (f"| {engine_name}", "replay", "450 |"),
    ]
    assert Spool(tmp_path / engine_name / "spool").count() == 0
    assert Spool(tmp_path / "spool").count() == 450


def test_delivery_that_does_not_arrive_is_noticed(tmp_path: Path):
    fill(tmp_path / "spool", 20)
    assert not bench("sqlite", tmp_path, 21, is_profiled=False)


def test_profile_names_what_took_the_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    fill(tmp_path / "spool", 20)
    assert bench("sqlite", tmp_path, 20, is_profiled=True)
    assert "store_all" in capsys.readouterr().out


def test_line_has_times_of_one_delivery():
    assert line("mysql", "drain", 1000, WorkTime(0.5, 0.4, 0.25), 999) == (
        "| mysql | drain | 2000 | 0.40 ms | 0.25 ms | 999 |"
    )
