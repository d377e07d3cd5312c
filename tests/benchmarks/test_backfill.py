"""The benchmark of the backfill, over a few runs: both ways end alike, and requests are counted."""

from __future__ import annotations

import re

import pytest

from benchmarks.backfill import main


def test_benchmark_of_few_runs_fills_both_databases_alike_and_counts_requests(
    capsys: pytest.CaptureFixture[str],
):
    code = main(["--engines", "sqlite", "--runs", "20", "--rounds", "1"])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    ways = re.findall(r"^\| sqlite \| (\d+) \| \d+ \| (\w+) \| \d+ \|", said.out, re.MULTILINE)
    assert [way for _, way in ways] == ["backfill", "plain"]
    # 20 runs with an attempt, 8 jobs or so, what is noted of reading it, and its mark each.
    assert all(int(rows) > 20 * 4 for rows, _ in ways)
    (requests,) = re.findall(r"^(\d+) requests for 1,000 runs; 2000 by", said.out, re.MULTILINE)
    # A run takes one for its jobs, and one for each earlier attempt.
    assert int(requests) >= 1000
